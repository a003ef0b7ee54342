import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct ShapeTests {
  @Test(arguments: movableTypes + laterTypes)
  func everyTypeIsMoved(_ dtype: DType) throws {
    let x = try Tensor.seeded(dtype, [2, 3, 5], seed: 7)
    let turned = try checkOperator(Transpose(permutation: [2, 0, 1]), inputs: [x])[0]
    #expect(turned.shape == [5, 2, 3])
    try checkOperator(Transpose(permutation: [1, 2, 0]), inputs: [turned], expected: [x])
    let flat = try checkOperator(Reshape(), inputs: [x, vector(-1)])[0]
    #expect(flat.shape == [30])
    try checkOperator(Reshape(), inputs: [flat, vector(2, 3, 5)], expected: [x])
    try checkOperator(Identity(), inputs: [x], expected: [x])
    #expect(try checkOperator(Flatten(axis: 2), inputs: [x])[0].shape == [6, 5])
    #expect(try checkOperator(Flatten(axis: -3), inputs: [x])[0].shape == [1, 30])
    #expect(try checkOperator(Flatten(axis: 3), inputs: [x])[0].shape == [30, 1])
    let tall = try checkOperator(Unsqueeze(), inputs: [x, vector(0, -1)])[0]
    #expect(tall.shape == [1, 2, 3, 5, 1])
    try checkOperator(Squeeze(), inputs: [tall, vector(-1, 0)], expected: [x])
    try checkOperator(Squeeze(), inputs: [tall], expected: [x])
    try checkOperator(ShapeOperator(start: -2), inputs: [x], expected: [vector(3, 5)])
  }

  @Test(arguments: movableTypes)
  func everyTypeIsCutAndJoined(_ dtype: DType) throws {
    let x = try Tensor.seeded(dtype, [4, 3, 2], seed: 9)
    let first = try checkOperator(Slice(), inputs: [x, vector(0), vector(1), vector(1)])[0]
    let rest = try checkOperator(Slice(), inputs: [x, vector(1), vector(9), vector(-2)])[0]
    #expect(first.shape == [4, 1, 2] && rest.shape == [4, 2, 2])
    try checkOperator(Concat(axis: -2), inputs: [first, rest], expected: [x])
    let backwards = try checkOperator(Slice(), inputs: [x, vector(-1), vector(.min), vector(0), vector(-1)])[0]
    try checkOperator(Gather(), inputs: [x, vector(3, -2, 1, 0)], expected: [backwards])
    let wide = try checkOperator(Expand(), inputs: [first, vector(2, 1, 3, 1)])[0]
    #expect(wide.shape == [2, 4, 3, 2])
    let back = try Gather(axis: 2).evaluate([wide, Tensor.scalar(Int64(2))])[0]
    #expect(try Gather().evaluate([back, Tensor.scalar(Int64(1))])[0] == first.reshaped(to: [4, 2]))
  }

  @Test func packedTypesAreMovedByEvaluationItself() throws {
    // The specification has no 4-bit Gather and Concat, but passes cut weights of any type.
    let x = try Tensor.seeded(.int4, [5, 3], seed: 1)
    let rows = try (0..<5).map { try Gather().evaluate([x, vector($0)])[0] }
    #expect(try Concat(axis: 0).evaluate(rows)[0] == x)
  }

  /// Every start, end and step, against a walk that takes one position at a time.
  @Test func slicesAgreeWithAWalk() throws {
    for extent in [0, 1, 5] {
      let x = try ints(Array(0..<extent), [extent])
      for step in [1, 2, 7, .max, -1, -2, -7, .min] {
        for start in [.min, -7, -5, -1, 0, 1, 4, 5, 9, .max] {
          for end in [.min, -6, -5, -1, 0, 3, 5, 8, .max] {
            let walk = positions(extent, start, end, step)
            try checkOperator(
              Slice(), inputs: [x, vector(start), vector(end), vector(0), vector(step)],
              expected: [ints(walk, [walk.count])])
          }
        }
      }
    }
  }

  private func positions(_ extent: Int, _ start: Int, _ end: Int, _ step: Int) -> [Int] {
    func front(_ position: Int) -> Int { position < 0 ? position + extent : position }
    let (low, high) = step > 0 ? (0, extent) : (-1, extent - 1)
    var position = min(max(front(start), low), high)
    let stop = min(max(front(end), low), high)
    var result: [Int] = []
    while step > 0 ? position < stop : position > stop {
      result.append(position)
      let (next, overflow) = position.addingReportingOverflow(step)
      if overflow { break }
      position = next
    }
    return result
  }

  @Test func reshapeFillsIn() throws {
    let x = try Tensor.seeded(.float32, [2, 3, 4], seed: 1)
    for (target, expected) in [
      ([0, -1], [2, 12]), ([-1, 0, 4], [2, 3, 4]), ([0, 0, 0], [2, 3, 4]), ([24], [24]), ([1, -1, 1], [1, 24, 1]),
    ] {
      #expect(try checkOperator(Reshape(), inputs: [x, ints(target, [target.count])])[0].shape == expected)
    }
    let none = try Tensor.seeded(.float32, [0, 3], seed: 1)
    #expect(try checkOperator(Reshape(allowsZero: true), inputs: [none, vector(3, 0, 1)])[0].shape == [3, 0, 1])
    #expect(try checkOperator(Reshape(), inputs: [none, vector(0, -1)])[0].shape == [0, 3])
    #expect(try checkOperator(Reshape(), inputs: [Tensor.scalar(Float(1)), vector()])[0].shape == [])
  }

  @Test func hostileShapesAreRefused() throws {
    let x = try Tensor.seeded(.float32, [2, 3], seed: 1)
    for target in [[-1, -1], [-2, 3], [4, -1], [7], [0, 0, 0], [.min]] {
      expectRefusal(Reshape(), [x, try ints(target, [target.count])], "operator/reshape")
    }
    expectRefusal(Reshape(), [x, try vector(.max, .max)], "tensor/shape")
    expectRefusal(Reshape(allowsZero: true), [x, try vector(0, -1)], "operator/reshape")
    expectRefusal(Reshape(), [x, try ints([6], [1, 1])], "operator/rank")
    expectRefusal(Reshape(), [x], "operator/inputs")
    expectRefusal(Expand(), [x, try vector(-1, 3)], "operator/shape")
    expectRefusal(Expand(), [x, try vector(4, 3)], "operator/broadcast")
    expectRefusal(Expand(), [x, try vector(.max, 2, 3)], "tensor/shape")
    expectRefusal(Expand(), [x, try vector(1 << 40, 2, 3)], "limit/tensor-bytes")
    expectRefusal(ConstantOfShape(), [try vector(-1)], "operator/shape")
    expectRefusal(ConstantOfShape(), [try vector(1 << 20, 1 << 20)], "limit/tensor-bytes")
    expectRefusal(Transpose(permutation: [0, 0]), [x], "operator/axis")
    expectRefusal(Transpose(permutation: [0, 1, 2]), [x], "operator/axis")
    expectRefusal(Squeeze(), [x, try vector(0)], "operator/squeeze")
    expectRefusal(Squeeze(), [x, try vector(2)], "operator/axis")
    expectRefusal(Unsqueeze(), [x, try vector(0, 0)], "operator/axis")
    expectRefusal(Unsqueeze(), [x, try vector(.min)], "operator/axis")
    expectRefusal(Flatten(axis: 3), [x], "operator/axis")
    expectRefusal(Concat(axis: 0), [x, try Tensor.seeded(.float32, [2, 4], seed: 1)], "operator/concat")
    expectRefusal(Concat(axis: 2), [x, x], "operator/axis")
    expectRefusal(Concat(axis: 0), [x, try Tensor.seeded(.float32, [3], seed: 1)], "operator/concat")
    expectRefusal(Concat(axis: 0), [], "operator/inputs")
    for index in [2, -3, .max, .min] { expectRefusal(Gather(), [x, try vector(index)], "operator/index") }
    expectRefusal(Gather(axis: 2), [x, try vector(0)], "operator/axis")
    expectRefusal(Slice(), [x, try vector(0), try vector(1), try vector(0), try vector(0)], "operator/slice")
    expectRefusal(Slice(), [x, try vector(0), try vector(1, 2)], "operator/slice")
    expectRefusal(Slice(), [x, try vector(0), try vector(1), try vector(5)], "operator/axis")
    expectRefusal(Slice(), [x, try vector(0, 0), try vector(1, 1), try vector(0, -2)], "operator/axis")
    expectRefusal(Slice(), [x, try vector(0, 0, 0), try vector(1, 1, 1)], "operator/slice")
  }

  @Test func symbolsAreFollowed() throws {
    let x = TensorType(.float32, ["batch", "seq", 128])
    let target = TensorType(.int64, [4])
    #expect(try inferred(Reshape(), [(x, nil), (target, ["batch", "seq", 2, 64])]) == "f32[batch, seq, 2, 64]")
    #expect(try inferred(Reshape(), [(x, nil), (target, [0, 0, 2, -1])]) == "f32[batch, seq, 2, 64]")
    let heads = TensorType(.float32, ["batch", "seq", 2, 64])
    #expect(
      try inferred(Reshape(), [(heads, nil), (TensorType(.int64, [3]), ["batch", "seq", -1])]) == "f32[batch, seq, 128]"
    )
    #expect(try inferred(Reshape(), [(x, nil), (TensorType(.int64, [2]), [-1, 128])]) == "f32[batch*seq, 128]")
    #expect(try inferred(Reshape(), [(x, nil), (target, nil)]) == "f32[?, ?, ?, ?]")
    let positions = TensorType(.int64, [1, 512])
    let one = TensorType(.int64, [1])
    let cut: [(TensorType, [Dimension]?)] = [(positions, nil), (one, [0]), (one, ["seq"]), (one, [1]), (one, [1])]
    #expect(try inferred(Slice(), cut) == "i64[1, -max(512, seq) + seq + 512]")
    // Added to what has the sequence's extent, as positions are, it is either cut by nothing or does not fit.
    let sliced = try #require(try Slice().infer(cut.map { Operand(type: .tensor($0.0), elements: $0.1) })[0].tensor)
    #expect(try inferred(Add(), [(TensorType(.int64, ["batch", "seq"]), nil), (sliced, nil)]) == "i64[batch, seq]")
    #expect(
      try inferred(Slice(), [(x, nil), (one, [1]), (one, [.known(.max)]), (one, [1])])
        == "f32[batch, max(1, seq) - 1, 128]")
    #expect(
      try inferred(Expand(), [(TensorType(.float32, [1, 1, "seq"]), nil), (target, ["batch", 1, 1, "seq"])])
        == "f32[batch, 1, 1, seq]")
    #expect(try inferred(ConstantOfShape(), [(TensorType(.int64, [2]), ["batch", 3])]) == "f32[batch, 3]")
    #expect(try inferred(Concat(axis: 1), [(x, nil), (x, nil)]) == "f32[batch, 2*seq, 128]")
  }

  @Test func shapeArithmeticFollowsExporters() throws {
    let x = TensorType(.float32, ["batch", "seq", 128])
    let operand = Operand(type: .tensor(x))
    let shape = try #require(ShapeOperator().elements([operand])[0])
    #expect(shape == ["batch", "seq", 128])
    let vectorType = ValueType.tensor(TensorType(.int64, [3]))
    let extents = Operand(type: vectorType, elements: shape)
    let batch = try #require(Gather().elements([extents, Operand(Tensor.scalar(Int64(0)))])[0])
    #expect(batch == ["batch"])
    let scalar = Operand(type: .tensor(TensorType(.int64, [])), elements: batch)
    let lifted = try #require(Unsqueeze().elements([scalar, Operand(vector(0))])[0])
    let part = Operand(type: .tensor(TensorType(.int64, [1])), elements: lifted)
    #expect(Concat(axis: 0).elements([part, try Operand(vector(2, 64))])[0] == ["batch", 2, 64])
    #expect(try Slice().elements([extents, Operand(vector(-2)), Operand(vector(.max))])[0] == ["seq", 128])
    #expect(
      try Div().elements([extents, Operand(vector(2))])[0] == [
        Dimension("batch").floorDivided(by: 2), Dimension("seq").floorDivided(by: 2), 64,
      ])
    // Where(Equal(shape, −1), 1, shape), as PyTorch writes Expand.
    let isOpen = try #require(Equal().elements([extents, Operand(vector(-1))])[0])
    #expect(isOpen == [0, 0, 0])
    let condition = Operand(type: .tensor(TensorType(.bool, [3])), elements: isOpen)
    #expect(try Where().elements([condition, Operand(vector(1)), extents])[0] == ["batch", "seq", 128])
    #expect(
      try RangeOperator().infer([Operand(Tensor.scalar(Int64(0))), scalar, Operand(Tensor.scalar(Int64(1)))])[0]
        .description == "i64[batch]")
  }
}
