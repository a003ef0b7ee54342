import Foundation
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheONNX
import LatheOperators
import LatheTensors
import OrderedCollections
import Testing

private typealias P = ProtoBytes

@Suite struct ImportTests {
  @Test(arguments: ["functions", "opset7", "opset12", "unsorted"])
  func aModelGivesWhatItShould(name: String) throws {
    let result = try importedFile("\(name).onnx")
    #expect(result.warnings == [])
    func tensor(_ kind: String, _ index: Int) throws -> (name: String, tensor: Tensor) {
      try ONNXTensorFile.read(path: testFolder.appendingPathComponent("Data/\(name)/\(kind)_\(index).pb").path)
    }
    let graph = result.model.graph
    let inputs = try graph.inputs.indices.map { try tensor("input", $0) }
    let outputs = try Interpreter(graph).run(Dictionary(uniqueKeysWithValues: inputs.map { ($0.name, $0.tensor) }))
    #expect(outputs.count == graph.outputs.count)
    for (index, output) in outputs.enumerated() {
      let expected = try tensor("output", index)
      #expect(graph[graph.outputs[index]].name == expected.name)
      #expect(output.shape == expected.tensor.shape, "\(expected.name)")
      let difference =
        zip(output.doubles() ?? [], expected.tensor.doubles() ?? []).map { abs($0 - $1) }.max() ?? .infinity
      #expect(difference < 1e-6, "\(expected.name)")
    }
  }

  @Test func theSameModelGivesTheSameGraphTwice() throws {
    #expect(try importedFile("functions.onnx").model.graph == importedFile("functions.onnx").model.graph)
  }

  @Test(arguments: DType.allCases)
  func anElementTypeIsTheSameInBothEncodings(type: DType) throws {
    let graph = try importedFile("encodings.onnx").model.graph
    guard type != .string else {
      #expect(graph.constant(graph.value(named: "strings"))?.strings == ["Zoë", ""])
      return
    }
    let raw = try #require(graph.constant(graph.value(named: "raw\(type.rawValue)")))
    let typed = try #require(graph.constant(graph.value(named: "typed\(type.rawValue)")))
    #expect(raw.dtype == type)
    #expect(raw.shape == [5])
    #expect(raw == typed)
    #expect(raw.withBytes { $0.contains { $0 != 0 } })
  }

  @Test func constantNodesOfEveryKindBecomeConstants() throws {
    let graph = try importedFile("constants.onnx").model.graph
    #expect(graph.order.count == 1)
    func constant(_ name: String) throws -> Tensor { try #require(graph.constant(graph.value(named: name))) }
    #expect(try constant("value") == Tensor([0.0, 1.0, 2.0], shape: [3]))
    #expect(try constant("sparse_value") == Tensor([0, 1, 0, 0, 0, 2] as [Float], shape: [2, 3]))
    #expect(try constant("p") == Tensor([0, 7, 0, 0, 0, 8] as [Int64], shape: [2, 3]))
    #expect(try constant("value_int") == .scalar(Int64(-5)))
    #expect(try constant("value_ints") == Tensor([1, 2] as [Int64], shape: [2]))
    #expect(try constant("value_float") == .scalar(Float(0.5)))
    #expect(try constant("value_floats") == Tensor([1.5, -2.5] as [Float], shape: [2]))
    #expect(try constant("value_string") == Tensor(strings: ["é"], shape: []))
    #expect(try constant("value_strings") == Tensor(strings: ["a", "b"], shape: [2]))
  }

  @Test func graphsInGraphsCaptureWhatTheyUse() throws {
    let graph = try importedFile("subgraphs.onnx").model.graph
    let choice = try #require(graph.order.first { graph[$0].name == "choice" })
    func names(_ ids: [ValueID], _ graph: Graph) -> [String] { ids.map { graph[$0].name } }
    // then_branch uses x and c, and w in a branch of its own; else_branch uses h.
    let branches = graph.subgraphs(of: choice)
    #expect((graph[choice].op as? any SubgraphHolder)?.subgraphs.map(\.name) == ["then_branch", "else_branch"])
    #expect(names(graph[choice].captures, graph) == branches.flatMap { names($0.captures, $0) })
    #expect(Set(names(branches[0].captures, branches[0])) == ["x", "c", "w"])
    #expect(names(branches[1].captures, branches[1]) == ["h"])
    let nested = try #require(branches[0].order.last)
    let inner = branches[0].subgraphs(of: nested)
    #expect(names(branches[0][nested].captures, branches[0]) == inner.flatMap { names($0.captures, $0) })
    try #require(inner.count == 2)
    #expect(names(inner[0].captures, inner[0]) == ["x", "middle"])
    #expect(names(inner[1].captures, inner[1]) == ["middle", "w"])
    #expect(inner[0][inner[0].captures[0]].type == .tensor(TensorType(.float32, ["n"])))
    let loop = try #require(graph.order.last)
    #expect(names(graph[loop].captures, graph) == ["h"])
    #expect(graph.subgraphs(of: loop)[0].inputs.count == 3)
  }

  @Test func anInnerNameHidesAnOuterOne() throws {
    let branch = P.graph(
      [P.node("Relu", ["x"], ["h"]), P.node("Neg", ["h"], ["z"])], inputs: [], outputs: [P.value("z")])
    let bytes = P.model(
      P.graph([
        P.node("Abs", ["x"], ["h"]), P.node("Branch", ["h"], ["y"], domain: "f", [P.attribute("b", graph: branch)]),
      ]))
    let graph = try imported(bytes).model.graph
    let node = try #require(graph.order.last)
    #expect(graph[node].captures.map { graph[$0].name } == ["x"])
  }

  @Test func unknownOperatorsAreCarried() throws {
    let node = P.node("Fancy", ["x", "", "x"], ["", "y"], name: "n", domain: "f", [P.attribute("k", int: 3)]).text(
      8, "two"
    ).text(6, "doc")
      .message(9, P().text(1, "key").text(2, "value"))
    let graph = try imported(P.model(P.graph([node], outputs: [P.value("y", ["b", 3])]))).model.graph
    let read = graph[try #require(graph.order.first)]
    let op = try #require(read.op as? OpaqueOperator)
    #expect(op.name == OperatorName(domain: "f", "Fancy"))
    #expect(op.overload == "two")
    #expect(op.version == 1)
    #expect(op.attributes["k"] == .integer(3))
    #expect(read.inputs.count == 3 && read.inputs[1] == nil)
    #expect(read.outputs.count == 2 && read.outputs[0] == nil)
    #expect(read.annotations == Annotations(documentation: "doc", metadata: ["key": "value"]))
    #expect(read.provenance == .source("n (Fancy)"))
    #expect(graph[graph.outputs[0]].type == .tensor(TensorType(.float32, ["b", 3])))
  }

  @Test func theStandardDomainHasTwoNames() throws {
    let bytes = P.model(P.graph([P.node("Relu", ["x"], ["y"], domain: "ai.onnx")]))
    let graph = try imported(bytes).model.graph
    #expect(!(graph[graph.order[0]].op is OpaqueOperator))
  }

  @Test func initializersThatAreInputsAreDefaultsFromVersion4() throws {
    let body = P.graph(
      [P.node("Add", ["x", "w"], ["y"])], inputs: [P.value("x", [2]), P.value("w", ["n"])],
      initializers: [P.floats("w", [1, 2], [2])])
    let old = try imported(P.model(body, ir: 3))
    #expect(old.model.graph.inputs.count == 1)
    #expect(old.model.graph.constants.count == 1)
    #expect(old.warnings == [])
    let new = try imported(P.model(body, ir: 4))
    let input = try #require(new.model.graph.value(named: "w"))
    #expect(new.model.graph.inputs.count == 2)
    #expect(new.model.graph[input].defaultValue?.elements(as: Float.self) == [1, 2])
    #expect(new.model.graph[input].type == .tensor(TensorType(.float32, ["n"])))
    #expect(new.warnings.map(\.id) == ["onnx/overridable-initializers"])
    let result = try Interpreter(new.model.graph).run(["x": Tensor([1, 1] as [Float], shape: [2])])
    #expect(result[0].elements(as: Float.self) == [2, 3])
  }

  @Test func dimensionsAreNumbersNamesAndExpressions() throws {
    let value = P.value("x", [3, "batch", "2*seq + 1", "batch-size", "unk/dim_0", "", "s0//2", "12"])
    let graph = try imported(P.model(P.graph([P.node("Relu", ["x"], ["y"])], inputs: [value]))).model.graph
    let shape = try #require(graph[graph.inputs[0]].type?.tensor?.shape)
    let seq = Dimension.symbol("seq")
    #expect(
      shape == [
        3, "batch", seq + seq + 1, .symbol("batch-size"), .symbol("unk/dim_0"), .unknown,
        Dimension.symbol("s0").floorDivided(by: 2), .symbol("12"),
      ])
  }

  @Test func aDeclaredTypeThatIsWrongIsDroppedWithAWarning() throws {
    let nodes = [P.node("Relu", ["x"], ["h"], name: "first"), P.node("Relu", ["h"], ["y"])]
    let bytes = P.model(
      P.graph(nodes, inputs: [P.value("x", [2])], outputs: [P.value("y", [5])], info: [P.value("h", [2], type: 7)]))
    let result = try imported(bytes)
    let graph = result.model.graph
    #expect(graph[graph.outputs[0]].type == .tensor(TensorType(.float32, [2])))
    #expect(result.warnings.map(\.id) == ["onnx/declared-type", "onnx/declared-type"])
    #expect(result.warnings[0].location.value == "h")
    #expect(result.warnings[0].severity == .warning)
    #expect(result.warnings[0].location.file != nil)
  }

  @Test func manyRemarksOfAKindAreSummedUp() throws {
    let names = (0..<100).map { "v\($0)" }
    let nodes = zip(["x"] + names, names + ["y"]).map { P.node("Relu", [$0], [$1]) }
    let bytes = P.model(P.graph(nodes, inputs: [P.value("x", [2])], info: names.map { P.value($0, [3]) }))
    let warnings = try imported(bytes).warnings
    #expect(warnings.count == 17)
    #expect(warnings.last?.message.hasPrefix("84 more") == true)
  }

  @Test func metadataIsKept() throws {
    let model = try importedFile("mlp.onnx").model
    #expect(model.metadata.producerName == "make_models")
    #expect(model.metadata.modelVersion == 7)
    #expect(model.metadata.irVersion == 10)
    #expect(model.metadata.operatorSets == ["": 21])
    #expect(
      model.metadata.annotations == Annotations(documentation: "tests", metadata: ["author": "Zoë", "empty": ""]))
    #expect(model.graph.name == "mlp")
    #expect(model.graph.annotations.documentation == "a small one")
    let second = try #require(model.graph.order.last)
    #expect(model.graph[second].name == "second")
    #expect(model.graph[second].annotations.documentation == "logits")
  }

  @Test func inlinedNodesSayWhereTheyCameFrom() throws {
    let graph = try importedFile("functions.onnx").model.graph
    let sources = graph.order.compactMap { if case .source(let path) = graph[$0].provenance { path } else { nil } }
    #expect(sources.count == graph.order.count)
    #expect(sources.contains("first/Scale/Mul → m"))
    #expect(Set(graph.order.flatMap { graph[$0].outputs.compactMap { $0 } }).count == graph.order.count)
  }

  @Test func theFirstLabelEncoderHadClasses() throws {
    let classes = ["a", "b"].reduce(P().text(1, "classes_strings")) { $0.text(9, $1) }.int(20, 8)
    for (type, result) in [(8 as UInt64, DType.int64), (7, .string)] {
      let node = P.node("LabelEncoder", ["x"], ["y"], domain: "ai.onnx.ml", [classes])
      let graph = P.graph([node], inputs: [P.value("x", [3], type: type)], outputs: [P.value("y", [3], type: type == 8 ? 7 : 8)])
      let bytes = P(bytes: P.model(graph)).message(8, P().text(1, "ai.onnx.ml").int(2, 1)).bytes
      let imported = try imported(bytes)
      #expect(imported.warnings == [])
      let encoder = try #require(imported.model.graph[imported.model.graph.order[0]].op as? LabelEncoder)
      #expect(encoder.values.dtype == result)
      let x = try type == 8 ? Tensor(strings: ["b", "c", "a"], shape: [3]) : Tensor([1, 2, 0] as [Int64], shape: [3])
      let y = try encoder.evaluate([x])[0]
      #expect(type == 8 ? y.integers() == [1, -1, 0] : y.strings == ["b", "_Unused", "a"])
    }
  }

  @Test(.timeLimit(.minutes(1))) func aHugeGraphTakesLinearTime() throws {
    let count = 40_000
    var graph = P()
    for index in (0..<count).reversed() {
      let node = P.node("Unsqueeze", ["v\(index)"], ["v\(index + 1)"], [P.attribute("axes", ints: [0])])
      graph.bytes += P().message(1, node).bytes
      graph.bytes +=
        P().message(1, P.node("Squeeze", ["v\(index + 1)"], ["w\(index)"], [P.attribute("axes", ints: [0])])).bytes
    }
    // Shapes would grow with the chain, so the operators stay unknown here.
    graph.bytes += P().message(11, P.value("v0", [1])).message(12, P.value("v\(count)")).bytes
    let result = try imported(P.model(graph, opset: 11), catalog: OperatorCatalog([]))
    #expect(result.model.graph.order.count == 2 * count)
    #expect(result.warnings == [])
  }
}
