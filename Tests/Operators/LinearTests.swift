import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct LinearTests {
  static let types: [DType] = [.float16, .bfloat16, .float32, .float64, .int32, .int64, .uint32, .uint64]

  /// The product by its definition, in doubles.
  private func product(_ a: Tensor, _ b: Tensor, m: Int, k: Int, n: Int) throws -> [Double] {
    let (x, y) = (try #require(a.doubles()), try #require(b.doubles()))
    return (0..<m * n).map { position in
      (0..<k).reduce(0) { $0 + x[position / n * k + $1] * y[$1 * n + position % n] }
    }
  }

  private func tolerance(_ dtype: DType) -> Tolerance {
    switch dtype {
    case .float16: Tolerance(absolute: 0x1p-10, relative: 0x1p-10)
    case .bfloat16: Tolerance(absolute: 0x1p-8, relative: 0x1p-7)
    case .float32: Tolerance(absolute: 1e-5, relative: 1e-5)
    case .float64: Tolerance(absolute: 1e-12, relative: 1e-12)
    default: .exact
    }
  }

  @Test(arguments: types)
  func matricesMultiply(_ dtype: DType) throws {
    for (m, k, n) in [(1, 1, 1), (2, 3, 4), (5, 7, 3), (4, 16, 9), (3, 0, 2), (0, 3, 2), (1, 33, 1)] {
      let a = try Tensor.seeded(dtype, [m, k], seed: 1, in: 0...4)
      let b = try Tensor.seeded(dtype, [k, n], seed: 2, in: 0...4)
      let expected = try product(a, b, m: m, k: k, n: n)
      let result = try checkOperator(MatMul(), inputs: [a, b])[0]
      #expect(result.shape == [m, n])
      let wrong = zip(try #require(result.doubles()), expected).filter { !tolerance(dtype).accepts($0, $1) }
      #expect(wrong.isEmpty, "\(dtype) \(m) \(k) \(n): \(wrong)")
      let gemm = try checkOperator(Gemm(), inputs: [a, b])[0]
      #expect(gemm == result)
      if m * k * n > 0 {
        let turned = try Transpose().evaluate([a])[0]
        #expect(try checkOperator(Gemm(transposesA: true), inputs: [turned, b])[0] == result)
        let other = try Transpose().evaluate([b])[0]
        #expect(try checkOperator(Gemm(transposesB: true), inputs: [a, other])[0] == result)
      }
    }
  }

  @Test func vectorsAndBatches() throws {
    let shapes: [([Int], [Int], [Int])] = [
      ([3], [3], []), ([3], [3, 2], [2]), ([2, 3], [3], [2]), ([4, 2, 3], [3], [4, 2]), ([3], [4, 3, 2], [4, 2]),
      ([4, 2, 3], [3, 5], [4, 2, 5]), ([2, 3], [4, 3, 5], [4, 2, 5]), ([4, 1, 2, 3], [5, 3, 2], [4, 5, 2, 2]),
      ([1, 2, 3], [4, 3, 2], [4, 2, 2]), ([4, 2, 3], [1, 3, 2], [4, 2, 2]), ([0, 2, 3], [3, 2], [0, 2, 2]),
    ]
    for (left, right, expected) in shapes {
      let a = try Tensor.seeded(.float64, left, seed: 1)
      let b = try Tensor.seeded(.float64, right, seed: 2)
      let result = try checkOperator(MatMul(), inputs: [a, b])[0]
      #expect(result.shape == expected)
    }
  }

  /// Each matrix of a broadcast batch is the product of its own two matrices.
  @Test func batchesPairUp() throws {
    let a = try Tensor.seeded(.float32, [2, 1, 3, 4], seed: 1)
    let b = try Tensor.seeded(.float32, [3, 4, 2], seed: 2)
    let result = try MatMul().evaluate([a, b])[0]
    for outer in 0..<2 {
      for inner in 0..<3 {
        let one = try Gather().evaluate([a.reshaped(to: [2, 3, 4]), Tensor.scalar(Int64(outer))])[0]
        let other = try Gather().evaluate([b, Tensor.scalar(Int64(inner))])[0]
        let part = try Gather().evaluate([result.reshaped(to: [6, 3, 2]), Tensor.scalar(Int64(outer * 3 + inner))])[0]
        #expect(try MatMul().evaluate([one, other])[0] == part)
      }
    }
  }

  @Test func addendsBroadcast() throws {
    let a = try floats([1, 2, 3, 4], [2, 2])
    let b = try floats([1, 0, 0, 1], [2, 2])
    let op = Gemm(alpha: 2, beta: 0.5)
    for shape in [[], [1], [2], [1, 2], [2, 1], [1, 1], [2, 2]] {
      let count = shape.reduce(1, *)
      let c = try floats((0..<count).map { Float($0 * 2 + 2) }, shape)
      let result = try checkOperator(op, inputs: [a, b, c])[0]
      let wide = try Expand().evaluate([c, vector(2, 2)])[0]
      let expected = try Add().evaluate([
        floats([2, 4, 6, 8], [2, 2]), Mul().evaluate([wide, floats([0.5], [1])])[0],
      ])
      #expect(result == expected[0])
    }
    expectRefusal(op, [a, b, try floats([1, 2, 3], [3])], "operator/broadcast")
    expectRefusal(op, [a, b, try floats([1, 2], [1, 1, 2])], "operator/broadcast")
    let row = try floats([1, 2], [1, 2])
    expectRefusal(op, [row, b, try floats([1, 2, 3, 4], [2, 2])], "operator/broadcast")
  }

  @Test func misfitsAreRefused() throws {
    let a = try floats([1, 2, 3, 4, 5, 6], [2, 3])
    expectRefusal(MatMul(), [a, a], "operator/inner-dimension")
    expectRefusal(Gemm(), [a, a], "operator/inner-dimension")
    expectRefusal(MatMul(), [a, try Tensor.scalar(Float(1))], "operator/rank")
    expectRefusal(Gemm(), [a, try floats([1, 2, 3], [3])], "operator/rank")
    let (many, others) = (
      try Tensor.seeded(.float32, [2, 1, 3], seed: 1), try Tensor.seeded(.float32, [3, 3, 1], seed: 1)
    )
    expectRefusal(MatMul(), [many, others], "operator/broadcast")
    let (column, row) = (
      try Tensor.seeded(.float32, [100_000, 1], seed: 1), try Tensor.seeded(.float32, [1, 100_000], seed: 1)
    )
    expectRefusal(MatMul(), [column, row], "limit/tensor-bytes")
  }

  @Test func symbolsMultiply() throws {
    let x = TensorType(.float32, ["batch", "seq", 128])
    #expect(try inferred(MatMul(), [(x, nil), (TensorType(.float32, [128, 512]), nil)]) == "f32[batch, seq, 512]")
    let q = TensorType(.float32, ["batch", 2, "seq", 64])
    let k = TensorType(.float32, ["batch", 2, 64, "seq"])
    #expect(try inferred(MatMul(), [(q, nil), (k, nil)]) == "f32[batch, 2, seq, seq]")
  }
}
