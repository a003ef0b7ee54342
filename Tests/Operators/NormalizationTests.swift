import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct NormalizationTests {
  static let floatTypes: [DType] = [.float16, .bfloat16, .float32, .float64]

  @Test(arguments: floatTypes)
  func softmaxSumsToOne(_ dtype: DType) throws {
    for axis in -3..<3 {
      let x = try Tensor.seeded(dtype, [2, 3, 4], seed: 1, in: -9...9)
      let result = try checkOperator(Softmax(axis: axis), inputs: [x])[0]
      let sums = try ReduceMean(keepsAxes: false).evaluate([Cast(to: .float64).evaluate([result])[0], vector(axis)])[0]
      let extent = Double(x.shape[axis < 0 ? axis + 3 : axis])
      #expect(sums.doubles()?.allSatisfy { abs($0 * extent - 1) < 0.02 } == true)
    }
    expectRefusal(Softmax(axis: 3), [try Tensor.seeded(dtype, [2, 3, 4], seed: 1)], "operator/axis")
    expectRefusal(Softmax(), [try Tensor.seeded(dtype, [], seed: 1)], "operator/axis")
    try checkOperator(Softmax(), inputs: [Tensor.seeded(dtype, [3, 0], seed: 1)])
  }

  @Test func softmaxOfMasks() throws {
    let x = try floats([-3.4e38, 0, -3.4e38, -.infinity, 1, 1], [2, 3])
    try checkOperator(Softmax(), inputs: [x], expected: [floats([0, 1, 0, 0, 0.5, 0.5], [2, 3])])
  }

  @Test(arguments: floatTypes)
  func layerNormalization(_ dtype: DType) throws {
    let x = try Tensor.seeded(dtype, [2, 3, 8], seed: 1)
    let scale = try Tensor.seeded(dtype, [8], seed: 2)
    let bias = try Tensor.seeded(dtype, [8], seed: 3)
    let outputs = try checkOperator(LayerNormalization(), inputs: [x, scale, bias])
    #expect(outputs.map(\.shape) == [[2, 3, 8], [2, 3, 1], [2, 3, 1]])
    #expect(outputs.map(\.dtype) == [dtype, .float32, .float32])
    #expect(try checkOperator(LayerNormalization(stashType: .bfloat16), inputs: [x, scale])[2].dtype == .bfloat16)
    // A scale that varies along further axes gives the same as one that is spread over them.
    let spread = try Expand().evaluate([scale, vector(2, 3, 8)])[0]
    #expect(try checkOperator(LayerNormalization(), inputs: [x, spread, bias])[0] == outputs[0])
    let both = try Expand().evaluate([scale, vector(3, 8)])[0]
    let whole = try checkOperator(LayerNormalization(axis: 1, epsilon: 1e-3), inputs: [x, both])
    #expect(whole[1].shape == [2, 1, 1])
    expectRefusal(LayerNormalization(), [x, try Tensor.seeded(dtype, [7], seed: 1)], "operator/broadcast")
    expectRefusal(LayerNormalization(axis: 3), [x, scale], "operator/axis")
  }

  @Test func means() throws {
    let x = try floats([1, 2, 3, 4, 5, 6], [2, 3])
    try checkOperator(ReduceMean(), inputs: [x, vector(1)], expected: [floats([2, 5], [2, 1])])
    try checkOperator(ReduceMean(keepsAxes: false), inputs: [x, vector(0)], expected: [floats([2.5, 3.5, 4.5], [3])])
    try checkOperator(ReduceMean(), inputs: [x], expected: [floats([3.5], [1, 1])])
    try checkOperator(ReduceMean(keepsAxes: false), inputs: [x, vector()], expected: [Tensor.scalar(Float(3.5))])
    try checkOperator(ReduceMean(skipsWithoutAxes: true), inputs: [x, vector()], expected: [x])
    try checkOperator(ReduceMean(skipsWithoutAxes: true), inputs: [x], expected: [x])
    try checkOperator(ReduceMean(), inputs: [vector(-3, -4), vector(0)], expected: [vector(-3)])
    try checkOperator(ReduceMean(), inputs: [vector(.max, .max), vector(0)], expected: [vector(.max)])
    try checkOperator(
      ReduceMean(), inputs: [Tensor.seeded(.float32, [0, 2], seed: 1), vector(0)],
      expected: [floats([.nan, .nan], [1, 2])])
    expectRefusal(ReduceMean(), [try ints([], [0, 2]), try vector(0)], "operator/reduce-empty")
    expectRefusal(ReduceMean(), [x, try vector(0, -2)], "operator/axis")
    expectRefusal(ReduceMean(), [x, try vector(2)], "operator/axis")
  }
}
