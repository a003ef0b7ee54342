import LatheDiagnostics
import LatheIR
import LatheONNX
import LatheOperators
import LatheTensors
import Testing

private typealias P = ProtoBytes

/// An operator that only carries its attributes, for forms whose real operators may not be there yet.
private protocol Carrier: Operator {
  var carried: Attributes { get set }
  init(carried: Attributes)
}

extension Carrier {
  init(decoding attributes: Attributes) throws(Diagnostic) { self.init(carried: attributes) }
  func encode(into attributes: inout Attributes) { attributes = carried }
  func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { [] }
  static func stub(_ name: String, _ attributes: [String: Attribute.Kind]) -> OperatorSchema {
    OperatorSchema(
      name, since: 1, inputs: (0..<6).map { .init("in\($0)", "", .all, .optional) },
      outputs: (0..<6).map { .init("out\($0)", "", .all, .optional) }, attributes: attributes)
  }
}

private struct Clip: Carrier {
  static let schema = stub("Clip", [:])
  var carried: Attributes
}
private struct Pad: Carrier {
  static let schema = stub("Pad", ["mode": .string])
  var carried: Attributes
}
private struct TopK: Carrier {
  static let schema = stub("TopK", ["axis": .integer])
  var carried: Attributes
}
private struct Split: Carrier {
  static let schema = stub("Split", ["axis": .integer, "num_outputs": .integer])
  var carried: Attributes
}
private struct Resize: Carrier {
  static let schema = stub(
    "Resize", ["mode": .string, "coordinate_transformation_mode": .string, "nearest_mode": .string])
  var carried: Attributes
}
private struct BatchNormalization: Carrier {
  static let schema = stub("BatchNormalization", ["epsilon": .float])
  var carried: Attributes
}
private struct ReduceSum: Carrier {
  static let schema = stub("ReduceSum", ["keepdims": .integer])
  var carried: Attributes
}
private struct GridSample: Carrier {
  static let schema = stub("GridSample", ["mode": .string])
  var carried: Attributes
}
private struct ScatterElements: Carrier {
  static let schema = stub("ScatterElements", ["axis": .integer])
  var carried: Attributes
}
private struct GroupNormalization: Carrier {
  static let schema = stub("GroupNormalization", ["num_groups": .integer])
  var carried: Attributes
}
private struct DFT: Carrier {
  static let schema = stub("DFT", ["inverse": .integer])
  var carried: Attributes
}

private let catalog = OperatorCatalog(
  OperatorCatalog.standard.all
    + [
      Clip.self, Pad.self, TopK.self, Split.self, Resize.self, BatchNormalization.self, ReduceSum.self, GridSample.self,
      ScatterElements.self,
      GroupNormalization.self, DFT.self,
    ] as [any Operator.Type])

/// The last node after import, with its constant inputs.
private struct Upgraded {
  let graph: Graph
  let node: Node
  let warnings: [Diagnostic]

  init(_ node: ProtoBytes, opset: UInt64, type: UInt64 = 1, shape: [Any] = ["n", 4, 6]) throws {
    let names = ["x", "a", "b", "c", "d"]
    let graph = P.graph(
      [node], inputs: [P.value("x", shape, type: type)] + names.dropFirst().map { P.value($0, type: type) })
    let result = try imported(P.model(graph, opset: opset), catalog: catalog)
    self.graph = result.model.graph
    warnings = result.warnings
    self.node = result.model.graph[try #require(result.model.graph.order.last)]
  }

  func constant(_ position: Int) -> Tensor? {
    position < node.inputs.count ? graph.constant(node.inputs[position]) : nil
  }
  var name: String { "\(node.op.name)\(node.op is OpaqueOperator ? " (opaque)" : "")" }
}

@Suite struct UpgradeTests {
  @Test func boundsOfClipBecomeInputsOfItsType() throws {
    let half = try Upgraded(
      P.node("Clip", ["x"], ["y"], [P.attribute("min", float: 0), P.attribute("max", float: 6)]), opset: 7, type: 10)
    #expect(half.constant(1)?.elements(as: Float16.self) == [0])
    #expect(half.constant(2)?.elements(as: Float16.self) == [6])
    #expect(half.constant(1)?.shape == [])
    let open = try Upgraded(P.node("Clip", ["x"], ["y"]), opset: 10)
    #expect(open.constant(1)?.elements(as: Float.self) == [-Float.greatestFiniteMagnitude])
    #expect(open.constant(2)?.elements(as: Float.self) == [Float.greatestFiniteMagnitude])
    #expect(open.graph[try #require(open.node.inputs[1])].name == "y.min")
    let new = try Upgraded(P.node("Clip", ["x", "", "a"], ["y"]), opset: 11)
    #expect(new.node.inputs[1] == nil)
  }

  @Test func padsBecomeInputs() throws {
    let pads = P.attribute("pads", ints: [0, 0, 1, 0, 0, 1])
    let zero = try Upgraded(P.node("Pad", ["x"], ["y"], [pads]), opset: 10)
    #expect(zero.constant(1)?.integers() == [0, 0, 1, 0, 0, 1])
    #expect(zero.node.inputs.count == 2)
    let filled = try Upgraded(
      P.node("Pad", ["x"], ["y"], [pads, P.attribute("value", float: 1.5)]), opset: 10, type: 11)
    #expect(filled.constant(2)?.elements(as: Double.self) == [1.5])
  }

  @Test func numbersOfTopKAndSplitBecomeInputs() throws {
    let top = try Upgraded(P.node("TopK", ["x"], ["y", "z"], [P.attribute("k", int: 3)]), opset: 9)
    #expect(top.constant(1)?.integers() == [3])
    let sizes = try Upgraded(P.node("Split", ["x"], ["y", "z"], [P.attribute("split", ints: [1, 3])]), opset: 12)
    #expect(sizes.constant(1)?.integers() == [1, 3])
    #expect(sizes.node.op.attributes["num_outputs"] == nil)
    let equal = try Upgraded(P.node("Split", ["x"], ["y", "z"]), opset: 13)
    #expect(equal.node.op.attributes["num_outputs"] == .integer(2))
    #expect(try Upgraded(P.node("Split", ["x", "a"], ["y", "z"]), opset: 17).node.op.attributes["num_outputs"] == nil)
  }

  @Test func axesBecomeInputsOfTheirVersion() throws {
    #expect(
      try Upgraded(P.node("ReduceSum", ["x"], ["y"], [P.attribute("axes", ints: [2])]), opset: 12).constant(1)?
        .integers() == [2])
    #expect(
      try Upgraded(P.node("ReduceMean", ["x"], ["y"], [P.attribute("axes", ints: [2])]), opset: 17).constant(1)?
        .integers() == [2])
    #expect(
      try Upgraded(P.node("DFT", ["x"], ["y"], [P.attribute("axis", int: 2)]), opset: 17).constant(2)?.integers() == [2]
    )
    #expect(throws: Diagnostic.self) {
      try Upgraded(P.node("ReduceMean", ["x"], ["y"], [P.attribute("axes", ints: [2])]), opset: 18)
    }
  }

  @Test func upsampleIsAResize() throws {
    let scales = P().text(1, "scales").raw(P.key(7, 5) + [0, 0, 0, 0x40]).int(20, 6)
    let old = try Upgraded(P.node("Upsample", ["x"], ["y"], [scales]), opset: 7)
    #expect(old.name == "Resize")
    #expect(old.constant(2)?.elements(as: Float.self) == [2])
    #expect(old.node.inputs[1] == nil)
    #expect(old.node.op.attributes["coordinate_transformation_mode"] == .string("asymmetric"))
    #expect(old.node.op.attributes["nearest_mode"] == .string("floor"))
    let new = try Upgraded(
      P.node("Upsample", ["x", "a"], ["y"], [P().text(1, "mode").text(4, "linear").int(20, 3)]), opset: 9)
    #expect(new.node.op.attributes["mode"] == .string("linear"))
    #expect(new.node.inputs.count == 3)
    let resize = try Upgraded(P.node("Resize", ["x", "a"], ["y"]), opset: 10)
    #expect(resize.node.inputs.count == 3 && resize.node.inputs[1] == nil)
  }

  @Test func modesAndNamesThatChanged() throws {
    #expect(
      try Upgraded(
        P.node("GridSample", ["x", "a"], ["y"], [P().text(1, "mode").text(4, "bicubic").int(20, 3)]), opset: 16
      ).node.op.attributes["mode"] == .string("cubic"))
    #expect(try Upgraded(P.node("Scatter", ["x", "a", "b"], ["y"]), opset: 9).name == "ScatterElements")
  }

  @Test func normalizationsKeepWhatHasNoNewerForm() throws {
    let operands = ["x", "a", "b", "c", "d"]
    let plain = try Upgraded(P.node("BatchNormalization", operands, ["y"], [P.attribute("spatial", int: 1)]), opset: 7)
    #expect(plain.name == "BatchNormalization")
    #expect(plain.warnings == [])
    let everywhere = try Upgraded(
      P.node("BatchNormalization", operands, ["y"], [P.attribute("spatial", int: 0)]), opset: 8)
    #expect(everywhere.name == "BatchNormalization (opaque)")
    #expect(everywhere.warnings.map(\.id) == ["onnx/old-form"])
    #expect(
      try Upgraded(P.node("BatchNormalization", operands, ["y", "m"]), opset: 9).name == "BatchNormalization (opaque)")
    let groups = try Upgraded(
      P.node("GroupNormalization", ["x", "a", "b"], ["y"], [P.attribute("num_groups", int: 2)]), opset: 18)
    #expect(groups.name == "GroupNormalization")
    #expect(groups.graph.order.count == 7)
    #expect(groups.graph.producer(of: try #require(groups.node.inputs[1]))?.op.name == OperatorName("Reshape"))
  }

  @Test func dropoutOutsideTrainingIsItsInput() throws {
    #expect(
      try Upgraded(P.node("Dropout", ["x"], ["y"], [P.attribute("ratio", float: 0.5)]), opset: 7).name == "Identity")
    #expect(try Upgraded(P.node("Dropout", ["x", "a"], ["y"]), opset: 13).name == "Identity")
    #expect(try Upgraded(P.node("Dropout", ["x"], ["y", "mask"]), opset: 10).name == "Dropout")
    #expect(throws: Diagnostic.self) { try Upgraded(P.node("Dropout", ["x", "", "a"], ["y"]), opset: 13) }
  }

  @Test func softmaxOverTheLastAxisStaysOneNode() throws {
    #expect(
      try Upgraded(P.node("Softmax", ["x"], ["y"], [P.attribute("axis", int: 2)]), opset: 11).graph.order.count == 1)
    #expect(try Upgraded(P.node("Softmax", ["x"], ["y"]), opset: 11, shape: ["n", 4]).graph.order.count == 1)
    let flattened = try Upgraded(P.node("Softmax", ["x"], ["y"], name: "s", [P.attribute("axis", int: 1)]), opset: 11)
    #expect(
      flattened.graph.order.map { flattened.graph[$0].op.name.name } == ["Shape", "Flatten", "Softmax", "Reshape"])
    #expect(flattened.graph[flattened.graph.outputs[0]].type == .tensor(TensorType(.float32, ["n", 4, 6])))
    #expect(flattened.graph[flattened.graph.order[1]].provenance == .source("s (Softmax)"))
    #expect(try Upgraded(P.node("Softmax", ["x"], ["y"]), opset: 13).graph.order.count == 1)
  }

  @Test func anOperatorThatIsNotKnownKeepsItsForm() throws {
    let graph = P.graph([P.node("Squeeze", ["x"], ["y"], [P.attribute("axes", ints: [0])])])
    let result = try imported(P.model(graph, opset: 11), catalog: OperatorCatalog([]))
    let op = try #require(result.model.graph[result.model.graph.order[0]].op as? OpaqueOperator)
    #expect(op.version == 11)
    #expect(op.attributes["axes"] == .integers([0]))
  }
}
