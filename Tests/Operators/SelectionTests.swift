import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct SelectionTests {
  @Test func topOfEveryType() throws {
    let k = try vector(2)
    try checkOperator(
      TopK(), inputs: [Tensor([UInt64.max, 0, .max - 1], shape: [3]), k],
      expected: [Tensor([UInt64.max, .max - 1], shape: [2]), vector(0, 2)])
    try checkOperator(
      TopK(wantsLargest: false), inputs: [Tensor([Int64.max, .min, -1], shape: [3]), k],
      expected: [vector(.min, -1), vector(1, 2)])
    try checkOperator(
      TopK(), inputs: [floats([1, .nan, .infinity, -0.0], [4]), k],
      expected: [floats([.nan, .infinity], [2]), vector(1, 2)])
    try checkOperator(
      TopK(), inputs: [floats([0, -0.0, 0], [3]), k], expected: [floats([0, -0.0], [2]), vector(0, 1)])
    try checkOperator(
      TopK(axis: 0), inputs: [floats([1, 6, 5, 2, 3, 4], [3, 2]), k],
      expected: [floats([5, 6, 3, 4], [2, 2]), ints([1, 0, 2, 2], [2, 2])])
    try checkOperator(TopK(), inputs: [floats([1, 2], [2]), vector(0)], expected: [floats([], [0]), vector()])
  }

  @Test func topIsBounded() throws {
    let x = try floats([1, 2], [2])
    for k in [3, -1, .max] { expectRefusal(TopK(), [x, try vector(k)], "operator/top-k") }
    expectRefusal(TopK(), [x, try vector(1, 1)], "operator/rank")
    expectRefusal(TopK(axis: 1), [x, try vector(1)], "operator/axis")
    let symbolic = try inferred(
      TopK(), [(TensorType(.float32, ["batch", "n"]), nil), (TensorType(.int64, [1]), ["k"])])
    #expect(symbolic == "f32[batch, k]")
  }

  @Test func uniqueOfOtherTypes() throws {
    try checkOperator(
      Unique(), inputs: [Tensor(strings: ["b", "a", "b", "é"], shape: [2, 2])],
      expected: [Tensor(strings: ["a", "b", "é"], shape: [3]), vector(1, 0, 3), vector(1, 0, 1, 2), vector(1, 2, 1)])
    try checkOperator(
      Unique(isSorted: false), inputs: [floats([.nan, 1, .nan, 0, -0.0], [5])],
      expected: [floats([.nan, 1, 0], [3]), vector(0, 1, 3), vector(0, 1, 0, 2, 2), vector(2, 1, 2)])
    try checkOperator(
      Unique(axis: -1), inputs: [Tensor([true, false, true, true, false, true], shape: [2, 3])],
      expected: [Tensor([false, true, false, true], shape: [2, 2]), vector(1, 0), vector(1, 0, 1), vector(1, 2)])
    let empty = try checkOperator(Unique(axis: 0), inputs: [floats([], [0, 3])])
    #expect(empty.map(\.shape) == [[0, 3], [0], [0], [0]])
    #expect(try checkOperator(Unique(axis: 0), inputs: [floats([], [3, 0])])[0].shape == [1, 0])
    expectRefusal(Unique(axis: 1), [try floats([1], [1])], "operator/axis")
  }

  @Test func whatCountsAsZero() throws {
    try checkOperator(
      NonZero(), inputs: [floats([0, -0.0, .nan, 2], [2, 2])], expected: [ints([1, 1, 0, 1], [2, 2])])
    try checkOperator(NonZero(), inputs: [Tensor(strings: ["", "x"], shape: [2])], expected: [ints([1], [1, 1])])
    try checkOperator(NonZero(), inputs: [Tensor.scalar(Float(3))], expected: [ints([], [0, 1])])
    try checkOperator(NonZero(), inputs: [Tensor([Int16](), shape: [0, 2])], expected: [ints([], [2, 0])])
  }
}
