import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct AxisMapTests {
  private func operands(_ shapes: Shape...) -> [Operand?] {
    shapes.map { Operand(type: .tensor(TensorType(.float32, $0))) }
  }

  private func map(_ op: any AxisMapping, _ inputs: [Operand?]) throws -> AxisMap {
    try #require(op.axisMap(inputs, try op.infer(inputs).compactMap(\.tensor)))
  }

  @Test func reshapeSplitsAnAxisIntoAtoms() throws {
    let target = Operand(try Tensor([Int64(0), 0, 12, 32], shape: [4]))
    let map = try map(Reshape(), operands(["batch", "sequence", 384]) + [target])
    let (before, after) = (try #require(map.inputs[0]), try #require(map.outputs[0]))
    #expect(before[2] == [[after[2][0][0], after[3][0][0]]])
    #expect(map.extent(of: after[2]) == 12 && map.extent(of: after[3]) == 32 && map.extent(of: before[2]) == 384)
    #expect(before[..<2] == after[..<2])
    #expect(map.inputs[1] == nil)
  }

  @Test func reshapeThatCutsAcrossAxesTellsNothing() throws {
    let target = Operand(try Tensor([Int64(8), 3], shape: [2]))
    let inputs = operands([6, 4]) + [target]
    #expect(Reshape().axisMap(inputs, try Reshape().infer(inputs).compactMap(\.tensor)) == nil)
  }

  @Test func matMulContractsItsInnerAxis() throws {
    let map = try map(MatMul(), operands(["batch", 7, 5], [5, 3]))
    let (a, b, y) = (try #require(map.inputs[0]), try #require(map.inputs[1]), try #require(map.outputs[0]))
    #expect(a[2] == b[0] && map.atoms[a[2][0][0]].role == .contracted)
    #expect(y == [a[0], a[1], b[1]])
  }

  @Test func gatesOfAnLSTMLieSideBySide() throws {
    let map = try map(LSTM(), operands([4, 2, 3], [1, 20, 3], [1, 20, 5]))
    let (w, r) = (try #require(map.inputs[1]), try #require(map.inputs[2]))
    let unit = try #require(r[2].first?.first)
    #expect(w[1] == Array(repeating: [unit], count: 4))
    #expect(map.atoms[unit].role == .recurrent(operand: 2, axis: 2))
    #expect(map.outputs[0]?.last == [[unit]])
  }

  @Test func concatIsSegmentsSideBySide() throws {
    let map = try map(Concat(axis: 1), operands([2, 3], [2, 4]))
    let joined = try #require(map.outputs[0]?[1])
    #expect(joined == (map.inputs[0]?[1] ?? []) + (map.inputs[1]?[1] ?? []))
    #expect(map.extent(of: joined) == 7)
  }

  @Test func packedAttentionHasItsHeadsInAllThreeParts() throws {
    let map = try map(FusedAttention(heads: 4, scale: 1), operands([1, 6, 96]))
    let columns = try #require(map.inputs[0]?[2])
    #expect(columns.count == 3 && Set(columns).count == 1)
    #expect(map.outputs[0]?[2] == [columns[0]])
    #expect(map.atoms[columns[0][0]].role == .carried && map.atoms[columns[0][1]].role == .normalized)
  }

  @Test func reshapeTellsWhatAgreesFromBothEnds() throws {
    let target = Operand(try Tensor([Int64(0), 0, 2, 8], shape: [4]))
    let inputs: [Operand?] = operands(["batch", .unknown, 16]) + [target]
    let map = try map(Reshape(), inputs)
    let (before, after) = (try #require(map.inputs[0]), try #require(map.outputs[0]))
    #expect(before[0] == after[0] && before[2] == [after[2][0] + after[3][0]])
    #expect(map.atoms[before[1][0][0]].role == .fresh && map.atoms[after[1][0][0]].role == .fresh)
  }

  @Test func broadcastingTellsTheAxesThatItKnows() throws {
    let map = try map(Add(), operands(["batch", "a", 4], ["batch", "b", 4]))
    let (x, y) = (try #require(map.inputs[0]), try #require(map.inputs[1]))
    #expect(x[0] == y[0] && x[2] == y[2] && x[1] != y[1])
    #expect(map.atoms[y[1][0][0]].role == .fresh && map.atoms[x[2][0][0]].role == .carried)
  }

  @Test func sliceLeavesSegments() throws {
    let bounds = [[2], [5], [1]].map { numbers in (try? Tensor(numbers.map { Int64($0) }, shape: [1])).map { Operand($0) } }
    let map = try map(Slice(), operands([3, 9]) + bounds)
    let (before, after) = (try #require(map.inputs[0]), try #require(map.outputs[0]))
    #expect(before[1].map { map.extent(of: [$0]) } == [2, 3, 4] && after[1] == [before[1][1]])
  }

  @Test(arguments: [(0, 4), (2, 7), (-3, 9), (3, 100)]) func sliceFollowsACut(_ start: Int, _ end: Int) throws {
    let x = try Tensor.seeded(.float32, [2, 9, 3], seed: 1)
    let bounds = try [start, end, 1].map { try Tensor([Int32($0)], shape: [1]) }
    try checkOperator(Slice(), inputs: [x] + bounds)
    try checkOperator(Slice(), inputs: [x] + bounds + [try Tensor([Int32(2)], shape: [1])])
  }

  @Test func repeatedAndPaddedAxesFollowACut() throws {
    let x = try Tensor.seeded(.float32, [2, 3, 4], seed: 1)
    try checkOperator(Tile(), inputs: [x, try Tensor([1, 2, 3] as [Int64], shape: [3])])
    for mode in Pad.Mode.allCases {
      try checkOperator(Pad(mode: mode), inputs: [x, try Tensor([0, 1, 0, 0, 2, 0] as [Int64], shape: [6])])
    }
    try checkOperator(ConstantOfShape(), inputs: [try Tensor([3, 1, 4] as [Int64], shape: [3])])
    try checkOperator(ShapeOperator(start: 1, end: 2), inputs: [x])
    try checkOperator(Resize(), inputs: [x, nil, try Tensor([1, 2, 1] as [Float], shape: [3])])
  }

  @Test(arguments: [(4, 4), (4, 2)]) func headsOfAttentionFollowACut(_ heads: Int, _ shared: Int) throws {
    let (q, k, v) = (
      try Tensor.seeded(.float32, [2, 3, heads * 4], seed: 1), try Tensor.seeded(.float32, [2, 5, shared * 4], seed: 2),
      try Tensor.seeded(.float32, [2, 5, shared * 3], seed: 3)
    )
    for scale in [nil, Float(0.5)] {
      try checkOperator(
        Attention(heads: heads, sharedHeads: shared, scale: scale), inputs: [q, k, v], tolerance: Tolerance(absolute: 1e-6, relative: 1e-6))
    }
    let map = try map(Attention(heads: heads, sharedHeads: shared, scale: 1), [q, k, v].map { Operand($0) })
    #expect(map.inputs[0]?[2].first?.count == (heads == shared ? 2 : 3))
  }

  @Test(arguments: [Lie.softmaxIsCarried, .sumIsCarried, .rowsAreSwapped]) func lieIsFound(_ lie: Lie) throws {
    let x = try Tensor.seeded(.float32, [3, 4], seed: 5)
    let op = LyingOperator(lie: lie)
    let outputs = try op.evaluate([x])
    let proof = AxisProof(op: op, inputs: [x], outputs: outputs, tolerance: Tolerance(absolute: 1e-6, relative: 1e-6))
    #expect(try proof.problem() != nil)
  }

  @Test func truthIsNotFoundFault() throws {
    let x = try Tensor.seeded(.float32, [3, 4], seed: 5)
    let proof = AxisProof(op: Softmax(), inputs: [x], outputs: try Softmax().evaluate([x]), tolerance: .exact)
    #expect(try proof.problem() == nil)
  }
}

enum Lie: Sendable {
  case softmaxIsCarried, sumIsCarried, rowsAreSwapped
}

/// An operator whose axis map is wrong in one way.
private struct LyingOperator: Evaluable, AxisMapping {
  static let schema = OperatorSchema(
    "Lying", domain: "test", since: 1, inputs: [.init("X", "T", .floats)], outputs: [.init("Y", "T", .floats)])

  let lie: Lie

  init(lie: Lie) { self.lie = lie }
  init(decoding attributes: Attributes) throws(Diagnostic) { self.init(lie: .softmaxIsCarried) }
  func encode(into attributes: inout Attributes) {}

  func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let operands = inputs.compactMap { $0 }
    return lie == .rowsAreSwapped ? try Transpose().infer(operands) : try Softmax().infer(operands)
  }

  func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    switch lie {
    case .softmaxIsCarried: try Softmax().evaluate(inputs)
    case .sumIsCarried: try CumSum().evaluate(inputs + [try Tensor([Int64(0)], shape: [])])
    case .rowsAreSwapped: try Transpose().evaluate(inputs)
    }
  }

  func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = inputs.first??.type.tensor?.shape else { return nil }
    var map = AxisMap(inputs: 1)
    let axes = shape.map { map.axis($0) }
    map.inputs[0] = axes
    map.outputs[0] = axes
    return map
  }
}
