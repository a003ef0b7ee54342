import CLatheKernels
import Foundation
import LatheTestSupport
import Testing

/// The kernels in C, for every instruction set of this machine, against sums in double precision.
@Suite struct KernelTests {
  static let sets = [LATHE_ISA_SCALAR, LATHE_ISA_AVX2].filter { lathe_isa_available($0) }.map(\.rawValue)

  static func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  static func activated(_ x: Double, _ activation: UInt32) -> Double {
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    switch lathe_activation(rawValue: activation) {
    case LATHE_ACTIVATION_RELU: return max(x, 0)
    case LATHE_ACTIVATION_GELU: return 0.5 * x * erfc(-x / 2.0.squareRoot())
    case LATHE_ACTIVATION_GELU_TANH: return 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case LATHE_ACTIVATION_TANH: return tanh(x)
    case LATHE_ACTIVATION_SIGMOID: return sigmoid(x)
    case LATHE_ACTIVATION_SILU: return x * sigmoid(x)
    case LATHE_ACTIVATION_QUICK_GELU: return x * sigmoid(1.702 * x)
    default: return x
    }
  }

  /// The product by one instruction set, its column blocks in `parts`.
  static func product(
    _ isa: UInt32, _ m: Int, _ n: Int, _ k: Int, _ activation: UInt32, parts: [Range<Int>]? = nil
  ) -> [Float] {
    let (x, w, bias, residual) = (numbers(m * k, 1), numbers(k * n, 2), numbers(n, 3), numbers(m * n, 4))
    var packed = [Float](repeating: 0, count: max(1, lathe_gemm_packed_count_f32(k, n)))
    lathe_gemm_pack_f32(k, n, w, &packed)
    var y = [Float](repeating: .nan, count: m * n)
    y.withUnsafeMutableBufferPointer { y in
      packed.withUnsafeBufferPointer { packed in
        x.withUnsafeBufferPointer { x in
          bias.withUnsafeBufferPointer { bias in
            residual.withUnsafeBufferPointer { residual in
              var gemm = lathe_gemm_f32(
                m: m, n: n, k: k, x: x.baseAddress, x_stride: k, packed: packed.baseAddress, bias: bias.baseAddress,
                residual: residual.baseAddress, residual_stride: n, y: y.baseAddress, y_stride: n,
                activation: lathe_activation(rawValue: activation))
              let kernels = lathe_kernels_for(lathe_isa(rawValue: isa)).pointee
              for part in parts ?? [0..<(n + 15) / 16] { kernels.gemm_f32(&gemm, part.lowerBound, part.upperBound) }
            }
          }
        }
      }
    }
    return y
  }

  static let shapes = [(1, 1, 1), (1, 16, 3), (5, 17, 7), (6, 32, 385), (7, 31, 64), (97, 5, 129), (13, 48, 1000)]

  @Test(arguments: sets, shapes) func products(_ isa: UInt32, _ shape: (Int, Int, Int)) {
    let (m, n, k) = shape
    let (x, w, bias, residual) = (Self.numbers(m * k, 1), Self.numbers(k * n, 2), Self.numbers(n, 3), Self.numbers(m * n, 4))
    let y = Self.product(isa, m, n, k, 0)
    for row in 0..<m {
      for column in 0..<n {
        let terms = (0..<k).map { Double(x[row * k + $0]) * Double(w[$0 * n + column]) }
        let expected = terms.reduce(0, +) + Double(bias[column]) + Double(residual[row * n + column])
        let scale = terms.reduce(2) { $0 + abs($1) }
        #expect(abs(Double(y[row * n + column]) - expected) <= 1e-6 * scale, "\(row), \(column)")
      }
    }
  }

  @Test(arguments: sets) func productsDoNotDependOnHowTheyAreDivided(_ isa: UInt32) {
    let whole = Self.product(isa, 100, 80, 500, 2)
    #expect(whole == Self.product(isa, 100, 80, 500, 2, parts: [3..<5, 0..<1, 1..<3]))
  }

  @Test(arguments: sets, (0..<8).map { UInt32($0) }) func activations(_ isa: UInt32, _ activation: UInt32) {
    let x = (-3000...3000).map { Float($0) / 150 } + [0, -0.0, 1e-20, -1e-20, 88, -88, 100, -100]
    var y = [Float](repeating: .nan, count: x.count)
    x.withUnsafeBufferPointer { x in
      y.withUnsafeMutableBufferPointer { y in
        var activate = lathe_activate_f32(x: x.baseAddress, y: y.baseAddress, activation: lathe_activation(rawValue: activation))
        lathe_kernels_for(lathe_isa(rawValue: isa)).pointee.activate_f32(&activate, 0, x.count)
      }
    }
    for (one, other) in zip(x, y) {
      let expected = Self.activated(Double(one), activation)
      #expect(abs(Double(other) - expected) <= 1e-6 * max(1, abs(expected)), "\(one) gives \(other) instead of \(expected)")
    }
  }

  /// Counts in an array of numbers how often each item was worked on.
  private final class Tally: @unchecked Sendable {
    let counts = UnsafeMutablePointer<Int32>.allocate(capacity: 1000)
    deinit { counts.deallocate() }
  }

  @Test(arguments: 1...4) func everyItemIsDoneOnceForCallersThatTakeTurns(_ threads: Int) throws {
    nonisolated(unsafe) let pool = try #require(lathe_pool_create(Int32(threads)))
    defer { lathe_pool_destroy(pool) }
    DispatchQueue.concurrentPerform(iterations: 2) { _ in
      let tally = Tally()
      for round in 0..<500 {
        let count = 1 + round * 37 % 999
        tally.counts.update(repeating: 0, count: count)
        lathe_pool_run(pool, count, { context, _, begin, end in
          guard let counts = context?.assumingMemoryBound(to: Int32.self) else { return }
          for item in begin..<end { counts[item] += 1 }
        }, tally.counts)
        #expect((0..<count).allSatisfy { tally.counts[$0] == 1 })
      }
    }
  }
}
