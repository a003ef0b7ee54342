import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct MathTests {
  @Test(arguments: [DType.float16, .bfloat16, .float32, .float64])
  func activationsKeepNotANumber(_ dtype: DType) throws {
    let x = try Cast(to: dtype).evaluate([floats([.nan], [1])])[0]
    let operators: [any Evaluable] = [
      Celu(), Elu(), Selu(), HardSigmoid(), HardSwish(), LeakyRelu(), Mish(), Softplus(), Softsign(), Swish(), Sign(),
      Round(), Floor(), Ceil(), Sin(), Cos(), Reciprocal(), Clip(), LogSoftmax(), Sum(), Mean(),
    ]
    for op in operators {
      let result = try #require(try checkOperator(op, inputs: [x])[0].doubles())
      #expect(result[0].isNaN, "\(op.name)")
    }
  }

  @Test func shiftsBeyondTheWidth() throws {
    let x = try Tensor([Int8(-128), -1, 64, 5], shape: [4, 1])
    let places = try Tensor([Int8(-1), 0, 8, 127], shape: [4])
    try checkOperator(
      BitShift(direction: .right), inputs: [x, places],
      expected: [Tensor([Int8]([-1, -128, -1, -1, -1, -1, -1, -1, 0, 64, 0, 0, 0, 5, 0, 0]), shape: [4, 4])])
    try checkOperator(
      BitShift(direction: .left), inputs: [x, Tensor([Int8(1)], shape: [])],
      expected: [Tensor([Int8]([0, -2, -128, 10]), shape: [4, 1])])
    #expect(throws: Diagnostic.self) { try BitShift(decoding: Attributes()) }
  }

  @Test func bounds() throws {
    let x = try vector(.min, 0, .max)
    let (low, high) = try (Tensor.scalar(Int64(5)), Tensor.scalar(Int64(3)))
    try checkOperator(Clip(), inputs: [x, low, high], expected: [vector(3, 3, 3)])
    try checkOperator(Clip(), inputs: [x, nil, high], expected: [vector(.min, 0, 3)])
    try checkOperator(
      Clip(), inputs: [floats([1, 2], [2]), Tensor.scalar(Float.nan)], expected: [floats([.nan, .nan], [2])])
    expectRefusal(Clip(), [x, x], "operator/rank")
  }

  @Test func slopesBroadcastOneWay() throws {
    let x = try floats([-1, 2, -3, -4], [2, 2])
    try checkOperator(PRelu(), inputs: [x, floats([2, 3], [2])], expected: [floats([-2, 2, -6, -12], [2, 2])])
    expectRefusal(PRelu(), [try floats([1], [1]), try floats([1, 2], [2])], "operator/broadcast")
    expectRefusal(PRelu(), [try floats([1], [1]), try floats([1], [1, 1])], "operator/broadcast")
  }

  @Test func bitsOfOtherTypes() throws {
    try checkOperator(
      BitCast(to: .float32), inputs: [Tensor([Int32(0x3F80_0000)], shape: [1])], expected: [floats([1], [1])])
    try checkOperator(
      BitCast(to: .bool), inputs: [Tensor([UInt8(2), 0], shape: [2])], expected: [Tensor([true, false], shape: [2])])
    for dtype in laterTypes where dtype.bitWidth == 4 {
      let x = try Tensor.seeded(dtype, [3], seed: 2)
      let there = try checkOperator(BitCast(to: .uint4), inputs: [x])[0]
      try checkOperator(BitCast(to: dtype), inputs: [there], expected: [x])
    }
    expectRefusal(BitCast(to: .int8), [try vector(1)], "operator/bit-width")
    try checkOperator(CastLike(), inputs: [floats([1.5], [1]), vector()], expected: [vector(1)])
  }

  @Test func determinants() throws {
    try checkOperator(Det(), inputs: [floats([0, 1, 1, 0], [2, 2])], expected: [floats([-1], [])])
    try checkOperator(Det(), inputs: [floats([1, 2, 2, 4], [1, 2, 2])], expected: [floats([0], [1])])
    try checkOperator(Det(), inputs: [floats([], [2, 0, 0])], expected: [floats([1, 1], [2])])
    expectRefusal(Det(), [try floats([1, 2], [1, 2])], "operator/square-matrix")
    expectRefusal(Det(), [try floats([1], [1])], "operator/square-matrix")
  }

  @Test func lossesRefuseWhatDoesNotFit() throws {
    let (scores, targets) = (try floats([1, 2, 3, 4], [2, 2]), try vector(0, 2))
    for op in [NegativeLogLikelihoodLoss(), SoftmaxCrossEntropyLoss()] as [any Evaluable] {
      expectRefusal(op, [scores, targets], "operator/index")
      expectRefusal(op, [scores, try vector(0)], "operator/loss-shape")
      expectRefusal(op, [scores, try vector(0, 1), try floats([1], [1])], "operator/loss-shape")
      expectRefusal(op, [try floats([1], [1]), try vector(0)], "operator/loss-shape")
    }
    try checkOperator(
      NegativeLogLikelihoodLoss(ignoredTarget: 2), inputs: [scores, targets], expected: [floats([-1], [])])
    try checkOperator(
      NegativeLogLikelihoodLoss(reduction: .sum, ignoredTarget: -1),
      inputs: [scores, vector(-1, 1), floats([1, 0.5], [2])], expected: [floats([-2], [])])
  }

  @Test func optimizersCountTheirInputs() throws {
    let (rate, updates, x) = (try floats([0.1], []), try ints([0], []), try floats([1, 2], [2]))
    expectRefusal(Adam(), [rate, updates, x, x, x], "operator/inputs")
    expectRefusal(Adagrad(), [rate, updates, x, x, try floats([1], [1])], "operator/optimizer-shape")
    expectRefusal(Adagrad(), [x, updates, x, x, x], "operator/rank")
    let doubles = try Tensor([1.0], shape: [1])
    let results = try checkOperator(Adagrad(), inputs: [rate, updates, x, doubles, x, doubles, x, doubles])
    #expect(results.map(\.dtype) == [.float32, .float64, .float32, .float64])
  }
}
