import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct MovementTests {
  @Test(arguments: movableTypes)
  func splitAndConcatAreInverse(_ dtype: DType) throws {
    let input = try Tensor.seeded(dtype, [2, 7], seed: 3)
    for op in [Split(axis: 1, pieces: 3), Split(axis: -1, pieces: 2)] {
      let pieces = try checkOperator(op, inputs: [input])
      try checkOperator(Concat(axis: 1), inputs: pieces, expected: [input])
    }
    let pieces = try checkOperator(Split(axis: 1), inputs: [input, vector(0, 6, 1)])
    #expect(pieces.map(\.shape) == [[2, 0], [2, 6], [2, 1]])
  }

  @Test func splitsOfMorePiecesThanEntriesEndEmpty() throws {
    let pieces = try checkOperator(Split(pieces: 4), inputs: [ints([1, 2, 3, 4, 5], [5])])
    #expect(pieces.map(\.shape) == [[2], [2], [1], [0]])
    expectRefusal(Split(), [try vector(1, 2), try vector(1, 2)], "operator/split")
    expectRefusal(Split(), [try vector(1, 2), try vector(3, -1)], "operator/shape")
    expectRefusal(Split(), [try vector(1, 2)], "operator/split")
    expectRefusal(Split(pieces: 1), [try vector(1, 2), try vector(2)], "operator/split")
    #expect(throws: Diagnostic.self) { try Split(decoding: Attributes([("num_outputs", .integer(1 << 40))])) }
  }

  @Test func splitsOfSymbolsStaySymbolic() throws {
    let type = ValueType.tensor(TensorType(.float32, ["seq", 6]))
    let types = try Split(axis: 0, pieces: 2).infer([Operand(type: type)])
    #expect(types.map(\.description) == ["f32[(seq + 1)/2, 6]", "f32[-((seq + 1)/2) + seq, 6]"])
    let thirds = try Split(axis: 1, pieces: 3).infer([Operand(type: type)])
    #expect(thirds.map(\.description) == ["f32[seq, 2]", "f32[seq, 2]", "f32[seq, 2]"])
  }

  @Test(arguments: movableTypes)
  func tilesRepeat(_ dtype: DType) throws {
    let input = try Tensor.seeded(dtype, [2, 3], seed: 5)
    let result = try checkOperator(Tile(), inputs: [input, vector(2, 3)])[0]
    #expect(result.shape == [4, 9])
    for (row, column) in [(0, 0), (1, 2), (2, 4), (3, 8)] {
      let coordinates = try ints([row, column], [2])
      let wanted = try GatherND().evaluate([input, ints([row % 2, column % 3], [2])])[0]
      #expect(try GatherND().evaluate([result, coordinates])[0] == wanted)
    }
    try checkOperator(Tile(), inputs: [input, vector(0, 3)], expected: [Tensor.seeded(dtype, [0, 9], seed: 1)])
  }

  @Test func tilesTooLargeAreRefused() throws {
    let input = try floats([1, 2], [2])
    expectRefusal(Tile(), [input, try vector(1 << 40)], "limit/tensor-bytes")
    expectRefusal(Tile(), [input, try vector(.max)], "operator/tile")
    expectRefusal(Tile(), [input, try vector(-1)], "operator/tile")
    expectRefusal(Tile(), [input, try vector(1, 1)], "operator/tile")
  }

  @Test func padsInEveryMode() throws {
    let input = try ints([1, 2, 3], [3])
    for (mode, pads, expected) in [
      (Pad.Mode.constant, (2, 1), [0, 0, 1, 2, 3, 0]), (.edge, (2, 1), [1, 1, 1, 2, 3, 3]),
      (.reflect, (5, 4), [2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3]), (.wrap, (4, 5), [3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2]),
      (.constant, (-1, -1), [2]), (.edge, (-2, 3), [3, 3, 3, 3]), (.reflect, (-1, 2), [2, 3, 2, 3]),
      (.wrap, (1, -1), [2, 1, 2]), (.constant, (-5, 4), [0, 0]),
    ] {
      try checkOperator(
        Pad(mode: mode), inputs: [input, vector(pads.0, pads.1)], expected: [ints(expected, [expected.count])])
    }
    try checkOperator(
      Pad(mode: .reflect), inputs: [ints([4], [1]), vector(2, 1)], expected: [ints([4, 4, 4, 4], [4])])
  }

  @Test(arguments: movableTypes + laterTypes)
  func padsAndCropsUndoEachOther(_ dtype: DType) throws {
    let input = try Tensor.seeded(dtype, [2, 3, 2], seed: 8)
    let pads = try vector(1, 0, 2, 0, 3, 1)
    let crops = try vector(-1, 0, -2, 0, -3, -1)
    for mode in Pad.Mode.allCases {
      let padded = try checkOperator(Pad(mode: mode), inputs: [input, pads])[0]
      #expect(padded.shape == [3, 6, 5])
      try checkOperator(Pad(mode: mode), inputs: [padded, crops], expected: [input])
    }
  }

  @Test func padsThatMakeNoSenseAreRefused() throws {
    let input = try ints([1, 2, 3], [3])
    expectRefusal(Pad(), [input, try vector(-2, -2)], "operator/pad")
    expectRefusal(Pad(), [input, try vector(.max, .max)], "operator/pad")
    expectRefusal(Pad(), [input, try vector(.min, 1)], "operator/pad")
    expectRefusal(Pad(), [input, try vector(1)], "operator/pad")
    expectRefusal(Pad(), [input, try vector(1 << 40, 0)], "limit/tensor-bytes")
    expectRefusal(Pad(mode: .edge), [try ints([], [0]), try vector(1, 0)], "operator/pad")
    expectRefusal(Pad(), [input, try vector(1, 1), try ints([1, 2], [2])], "operator/pad")
    expectRefusal(Pad(), [input, try vector(1, 1), nil, try vector(1)], "operator/axis")
  }

  @Test(arguments: movableTypes)
  func blocksAndChannelsAreInverse(_ dtype: DType) throws {
    let input = try Tensor.seeded(dtype, [2, 8, 2, 3], seed: 2)
    for order in BlockOrder.allCases {
      let spread = try checkOperator(DepthToSpace(blockSize: 2, order: order), inputs: [input])[0]
      #expect(spread.shape == [2, 2, 4, 6])
      try checkOperator(SpaceToDepth(blockSize: 2, order: order), inputs: [spread], expected: [input])
    }
    expectRefusal(DepthToSpace(blockSize: 3), [input], "operator/shape")
    expectRefusal(SpaceToDepth(blockSize: 2), [input], "operator/shape")
    expectRefusal(SpaceToDepth(blockSize: 2), [try input.reshaped(to: [96])], "operator/rank")
  }

  @Test(arguments: movableTypes)
  func scattersUndoGathers(_ dtype: DType) throws {
    let data = try Tensor.seeded(dtype, [3, 4], seed: 6)
    let zeros = try Tensor.seeded(dtype, [3, 4], seed: 7)
    let indices = try ints([3, 0, 2, 1, 0, -3, 2, -1, 1, -4, -1, 2], [3, 4])
    let picked = try checkOperator(GatherElements(axis: 1), inputs: [data, indices])[0]
    try checkOperator(ScatterElements(axis: 1), inputs: [zeros, indices, picked], expected: [data])
    let rows = try ints([2, 0, -2], [3, 1])
    let slices = try checkOperator(GatherND(), inputs: [data, rows])[0]
    try checkOperator(ScatterND(), inputs: [zeros, rows, slices], expected: [data])
  }

  @Test(arguments: DTypeDomain.numeric.types)
  func scattersReduce(_ dtype: DType) throws {
    func numbers(_ values: [Double]) throws -> Tensor {
      try Cast(to: dtype).evaluate([Tensor(values, shape: [values.count])])[0]
    }
    for (reduction, expected) in [
      (ScatterReduction.add, [8.0, 2.0]), (.mul, [15, 2]), (.min, [1, 2]), (.max, [5, 2]),
    ] {
      let inputs = try [numbers([1, 2]), vector(0, 0, 0), numbers([3, 5, 1])]
      let wanted = reduction == .add ? [10.0, 2.0] : expected
      try checkOperator(ScatterElements(reduction: reduction), inputs: inputs, expected: [numbers(wanted)])
      let coordinates = try ints([0, 0, 0], [3, 1])
      try checkOperator(
        ScatterND(reduction: reduction), inputs: [inputs[0], coordinates, inputs[2]], expected: [numbers(wanted)])
    }
  }

  @Test func indicesOutsideAreRefused() throws {
    let data = try floats([1, 2, 3, 4], [2, 2])
    for number in [2, -3, .max, .min] {
      expectRefusal(GatherElements(), [data, try ints([number], [1, 1])], "operator/index")
      expectRefusal(GatherND(), [data, try ints([number], [1, 1])], "operator/index")
      expectRefusal(ScatterElements(), [data, try ints([number], [1, 1]), try floats([1], [1, 1])], "operator/index")
      expectRefusal(ScatterND(), [data, try ints([number], [1, 1]), try floats([1, 2], [1, 2])], "operator/index")
      let update = try floats([1, 2], [2, 1])
      expectRefusal(TensorScatter(axis: 1), [data, update, try vector(0, number)], "operator/index")
    }
    expectRefusal(GatherElements(), [data, try ints([0, 0, 0], [1, 3])], "operator/shape")
    expectRefusal(GatherElements(), [data, try vector(0)], "operator/rank")
    expectRefusal(TensorScatter(), [data, data], "operator/axis")
    expectRefusal(GatherND(), [data, try ints([0, 0, 0], [1, 3])], "operator/rank")
    expectRefusal(GatherND(batchAxes: 2), [data, try ints([0], [1, 1])], "operator/rank")
    expectRefusal(ScatterND(), [data, try ints([0], [1, 1]), try floats([1], [1, 1])], "operator/shape")
    expectRefusal(Compress(axis: 0), [data, try Tensor([true, true, true], shape: [3])], "operator/index")
    expectRefusal(ReverseSequence(), [data, try vector(1, 3)], "operator/index")
    expectRefusal(ReverseSequence(), [data, try vector(1)], "operator/shape")
  }

  @Test(arguments: movableTypes)
  func smallMoversTakeEveryType(_ dtype: DType) throws {
    let input = try Tensor.seeded(dtype, [2, 3], seed: 9)
    for upper in [true, false] {
      try checkOperator(Trilu(isUpper: upper), inputs: [input, ints([upper ? .min : .max], [])], expected: [input])
    }
    try checkOperator(
      CenterCropPad(),
      inputs: [
        checkOperator(CenterCropPad(), inputs: [input, vector(4, 6)])[0], vector(2, 3),
      ], expected: [input])
    let reversed = try checkOperator(ReverseSequence(batchAxis: 0, timeAxis: 1), inputs: [input, vector(3, 2)])[0]
    try checkOperator(ReverseSequence(batchAxis: 0, timeAxis: 1), inputs: [reversed, vector(3, 2)], expected: [input])
    try checkOperator(SizeOperator(), inputs: [input], expected: [Tensor.scalar(Int64(6))])
    let chosen = try checkOperator(Compress(axis: 1), inputs: [input, Tensor([false, true], shape: [2])])[0]
    try checkOperator(Gather(axis: 1), inputs: [input, vector(1)], expected: [chosen])
    let values = try Tensor.seeded(dtype, [2], seed: 1)
    let hot = try checkOperator(OneHot(), inputs: [vector(1, 7, -3), Tensor.scalar(Float(3)), values])[0]
    let picks = try checkOperator(Gather(), inputs: [values, ints([0, 1, 0, 0, 0, 0, 1, 0, 0], [3, 3])])[0]
    #expect(hot == picks)
  }

  @Test func depthsThatAreNoExtentsAreRefused() throws {
    let values = try floats([0, 1], [2])
    expectRefusal(OneHot(), [try vector(1), try Tensor.scalar(Int64(-1)), values], "operator/shape")
    expectRefusal(OneHot(), [try vector(1), try Tensor.scalar(Double.infinity), values], "limit/tensor-bytes")
    expectRefusal(OneHot(), [try vector(1), try Tensor.scalar(Int64(4)), try floats([1], [1])], "operator/shape")
    expectRefusal(CenterCropPad(), [values, try vector(-1)], "operator/shape")
    expectRefusal(EyeLike(), [values], "operator/rank")
  }
}
