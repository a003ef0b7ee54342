import Foundation
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct SignalTests {
  /// The sums of the definition, for lengths that are powers of two, primes and neither.
  @Test(arguments: [1, 2, 3, 5, 8, 12, 17, 30])
  func transformsAreTheirDefinition(_ length: Int) throws {
    let input = try Tensor.seeded(.float64, [length, 2], seed: UInt64(length))
    let numbers = try #require(input.doubles())
    var expected: [Double] = []
    for frequency in 0..<length {
      var (real, imaginary) = (0.0, 0.0)
      for index in 0..<length {
        let angle = -2 * Double.pi * Double(frequency * index % length) / Double(length)
        real += numbers[2 * index] * cos(angle) - numbers[2 * index + 1] * sin(angle)
        imaginary += numbers[2 * index] * sin(angle) + numbers[2 * index + 1] * cos(angle)
      }
      expected += [real, imaginary]
    }
    let spectrum = try checkOperator(
      DFT(), inputs: [input], expected: [Tensor(expected, shape: [length, 2])], tolerance: Tolerance(absolute: 1e-9))[0]
    try checkOperator(
      DFT(isInverse: true), inputs: [spectrum], expected: [input], tolerance: Tolerance(absolute: 1e-9))
  }

  @Test(arguments: [(4, 4), (7, 7), (10, 10)])
  func oneSidedTransformsAreInverse(_ length: Int, _ given: Int) throws {
    let input = try Tensor.seeded(.float64, [2, length, 3, 1], seed: 3)
    let axis = try Tensor.scalar(Int64(1))
    let spectrum = try checkOperator(DFT(isOneSided: true), inputs: [input, nil, axis])[0]
    #expect(spectrum.shape == [2, length / 2 + 1, 3, 2])
    try checkOperator(
      DFT(isInverse: true, isOneSided: true), inputs: [spectrum, Tensor.scalar(Int64(given)), axis], expected: [input],
      tolerance: Tolerance(absolute: 1e-9))
  }

  @Test func transformsThatMakeNoSenseAreRefused() throws {
    let input = try floats([1, 2, 3, 4], [4, 1])
    expectRefusal(DFT(), [input, try Tensor.scalar(Int64(0))], "operator/shape")
    expectRefusal(DFT(), [input, try Tensor.scalar(Int64(1) << 40)], "limit/tensor-bytes")
    expectRefusal(DFT(), [input, nil, try Tensor.scalar(Int64(1))], "operator/axis")
    expectRefusal(DFT(), [try floats([1, 2, 3], [1, 3])], "operator/shape")
    expectRefusal(DFT(isOneSided: true), [try floats([1, 2], [1, 2])], "operator/shape")
    let signal = try floats([1, 2, 3, 4], [1, 4, 1])
    expectRefusal(STFT(), [signal, try Tensor.scalar(Int64(0))], "operator/shape")
    expectRefusal(STFT(), [signal, try Tensor.scalar(Int64(1)), nil, try Tensor.scalar(Int64(5))], "operator/shape")
    expectRefusal(
      STFT(), [signal, try Tensor.scalar(Int64(1)), try floats([1, 1], [2]), try Tensor.scalar(Int64(3))],
      "operator/shape")
    expectRefusal(HannWindow(), [try Tensor.scalar(Int64(-1))], "operator/shape")
    expectRefusal(HannWindow(), [try vector(1, 2)], "operator/rank")
  }

  @Test func framesAreTransformsOfStretches() throws {
    let signal = try Tensor.seeded(.float64, [2, 11, 1], seed: 5)
    let window = try HannWindow(dtype: .float64).evaluate([Tensor.scalar(Int64(5))])[0]
    let frames = try checkOperator(STFT(), inputs: [signal, Tensor.scalar(Int64(3)), window])[0]
    #expect(frames.shape == [2, 3, 3, 2])
    let stretch = try Slice().evaluate([signal, vector(1, 6), vector(2, 11), vector(0, 1)])[0]
    let weighted = try Mul().evaluate([stretch, window.reshaped(to: [5, 1])])[0]
    let expected = try DFT(isOneSided: true).evaluate([weighted])[0].reshaped(to: [1, 1, 3, 2])
    let last = try Slice().evaluate([frames, vector(1, 2), vector(2, 3), vector(0, 1)])[0]
    #expect(last.difference(from: expected, Tolerance(absolute: 1e-9)) == nil)
  }

  @Test(arguments: DTypeDomain.numeric.types)
  func windowsAndBandsTakeEveryType(_ dtype: DType) throws {
    for size in [0, 1, 7] {
      for periodic in [true, false] {
        try checkOperator(HannWindow(dtype: dtype, isPeriodic: periodic), inputs: [Tensor.scalar(Int64(size))])
        try checkOperator(HammingWindow(dtype: dtype, isPeriodic: periodic), inputs: [Tensor.scalar(Int32(size))])
        try checkOperator(BlackmanWindow(dtype: dtype, isPeriodic: periodic), inputs: [Tensor.scalar(Int64(size))])
      }
    }
    func bands(_ count: Int64, _ length: Int64, _ rate: Int64, _ low: Float, _ high: Float) throws -> [Tensor] {
      try [Tensor.scalar(count), Tensor.scalar(length), Tensor.scalar(rate), Tensor.scalar(low), Tensor.scalar(high)]
    }
    let matrix = try checkOperator(MelWeightMatrix(dtype: dtype), inputs: bands(4, 64, 8000, 0, 4000))[0]
    #expect(matrix.shape == [33, 4])
    expectRefusal(MelWeightMatrix(dtype: dtype), try bands(4, 64, 0, 0, 4000), "operator/mel")
    expectRefusal(MelWeightMatrix(dtype: dtype), try bands(4, 64, 8000, 0, 1e30), "operator/mel")
    expectRefusal(MelWeightMatrix(dtype: dtype), try bands(4, 64, 8000, .nan, 4000), "operator/mel")
    expectRefusal(MelWeightMatrix(dtype: dtype), try bands(-4, 64, 8000, 0, 4000), "operator/shape")
  }
}
