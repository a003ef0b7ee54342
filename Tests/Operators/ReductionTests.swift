import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct ReductionTests {
  @Test func reductionsOfNothing() throws {
    let empty = try floats([], [2, 0])
    let axes = try vector(1)
    func one(_ op: any Evaluable) throws -> [Float] {
      try #require(try checkOperator(op, inputs: [empty, axes])[0].elements(as: Float.self))
    }
    #expect(try one(ReduceSum()) == [0, 0])
    #expect(try one(ReduceProd()) == [1, 1])
    #expect(try one(ReduceMax()) == [-.infinity, -.infinity])
    #expect(try one(ReduceMin()) == [.infinity, .infinity])
    #expect(try one(ReduceLogSumExp()) == [-.infinity, -.infinity])
    #expect(try one(ReduceLogSum()) == [-.infinity, -.infinity])
    let bytes = try Tensor([UInt8](), shape: [1, 0])
    try checkOperator(ReduceMax(), inputs: [bytes, axes], expected: [Tensor([UInt8(0)], shape: [1, 1])])
    try checkOperator(ReduceMin(), inputs: [bytes, axes], expected: [Tensor([UInt8(255)], shape: [1, 1])])
    let truths = try Tensor([Bool](), shape: [1, 0])
    try checkOperator(ReduceMax(), inputs: [truths, axes], expected: [Tensor([false], shape: [1, 1])])
    try checkOperator(ReduceMin(), inputs: [truths, axes], expected: [Tensor([true], shape: [1, 1])])
  }

  @Test func overNoAxes() throws {
    let x = try floats([-1, 2, -3], [3])
    try checkOperator(ReduceSum(skipsWithoutAxes: true), inputs: [x], expected: [x])
    try checkOperator(ReduceL1(skipsWithoutAxes: true), inputs: [x, vector()], expected: [floats([1, 2, 3], [3])])
    try checkOperator(ReduceSumSquare(skipsWithoutAxes: true), inputs: [x], expected: [floats([1, 4, 9], [3])])
    try checkOperator(ReduceSum(keepsAxes: false), inputs: [x], expected: [floats([-2], [])])
  }

  @Test func integersWrapAndInfinitiesStay() throws {
    try checkOperator(
      ReduceProd(), inputs: [Tensor([Int32.max, 2], shape: [2])], expected: [Tensor([Int32(-2)], shape: [1])])
    try checkOperator(
      ReduceSum(), inputs: [ints([.max, 1], [2])], expected: [ints([.min], [1])])
    try checkOperator(
      ReduceL1(), inputs: [Tensor([Int32.min, 0], shape: [2])], expected: [Tensor([Int32.min], shape: [1])])
    try checkOperator(ReduceLogSumExp(), inputs: [floats([.infinity, 1], [2])], expected: [floats([.infinity], [1])])
    try checkOperator(ReduceMax(), inputs: [floats([1, .nan, 3], [3])], expected: [floats([.nan], [1])])
    try checkOperator(
      ReduceLogSumExp(), inputs: [floats([1000, 1000], [2])], expected: [floats([1000.69317626953], [1])])
  }

  @Test func shapesAreFollowed() throws {
    let shape = Operand(type: .tensor(TensorType(.int64, [2])), elements: ["batch", "seq"])
    #expect(ReduceProd().elements([shape]) == [["batch" * "seq"]])
    #expect(ReduceSum(keepsAxes: false).elements([shape]) == [["batch" + "seq"]])
    #expect(ReduceMax().elements([shape]) == [[Dimension.maximum("batch", "seq")]])
    let bound = Operand(try Tensor.scalar(Int64(512)))
    #expect(Clip().elements([shape, nil, bound])[0]?[0] == Dimension.minimum("batch", 512))
  }

  @Test func badAxesAreRefused() throws {
    let x = try floats([1, 2], [2])
    expectRefusal(ReduceSum(), [x, try vector(1)], "operator/axis")
    expectRefusal(ReduceMax(), [x, try vector(0, -1)], "operator/axis")
    expectRefusal(ReduceSum(), [x, try vector(.min)], "operator/axis")
    expectRefusal(ArgMax(axis: 2), [x], "operator/axis")
    expectRefusal(ArgMax(), [try floats([], [0, 3])], "operator/reduce-empty")
    expectRefusal(CumSum(), [x, try vector(.max)], "operator/axis")
    expectRefusal(CumSum(), [x, try vector(0, 0)], "operator/rank")
  }

  @Test func searchesPreferNotANumber() throws {
    let x = try floats([1, .nan, 3, .nan], [4])
    try checkOperator(ArgMax(keepsAxis: false), inputs: [x], expected: [ints([1], [])])
    try checkOperator(ArgMin(keepsAxis: false, prefersLast: true), inputs: [x], expected: [ints([3], [])])
    try checkOperator(ArgMax(axis: 1), inputs: [floats([], [0, 3])], expected: [ints([], [0, 1])])
  }

  @Test func runningSumsOfEveryKind() throws {
    let x = try Tensor([UInt32.max, 1, 2], shape: [3])
    try checkOperator(CumSum(), inputs: [x, vector(0)], expected: [Tensor([UInt32.max, 0, 2], shape: [3])])
    try checkOperator(
      CumProd(isExclusive: true, isReverse: true), inputs: [floats([2, 3, 4], [3]), vector(-1)],
      expected: [floats([12, 4, 1], [3])])
    try checkOperator(CumSum(), inputs: [floats([], [0, 2]), vector(0)], expected: [floats([], [0, 2])])
  }
}
