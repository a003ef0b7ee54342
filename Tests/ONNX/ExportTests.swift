import Foundation
import LatheDiagnostics
import LatheIR
import LatheONNX
import LatheOperators
import LatheTensors
import LatheTestSupport
import OrderedCollections
import Testing

private let x = TestOperand.input(.float32, [4])
private let float = ValueType.tensor(TensorType(.float32, nil))

private func opaque(_ name: String, _ attributes: [(String, Attribute)] = [], overload: String = "", version: Int = 1)
  -> OpaqueOperator
{
  OpaqueOperator(
    name: OperatorName(domain: "test", name), overload: overload, version: version, attributes: Attributes(attributes))
}

/// A model with one weight of `count` floats.
private func weightModel(_ count: Int) throws -> Model {
  let weight = try Tensor((0..<count).map { Float($0) }, shape: [count])
  return try oneNode(NewestForm("Add"), [.input(.float32, [.known(count)]), .constant(weight)])
}

@Suite struct ExportTests {
  @Test func operatorSetsAreSortedAndUnusedOnesAreLeftOut() throws {
    var model = try oneNode(opaque("Op", version: 4), [x], opset: 15)
    model.metadata.operatorSets["unused"] = 2
    #expect(WrittenModel(try exported(model)).operatorSets == ["=15", "test=4"])
  }

  @Test func twoVersionsOfOneDomainAreRefused() throws {
    var model = try oneNode(opaque("One", version: 1), [x])
    try model.graph.addNode(opaque("Two", version: 2), inputs: [], outputs: ["z"], provenance: .source("test"))
    #expect(exportFailure(model)?.id == "onnx/domain-version")
  }

  @Test func anInterfaceWithoutTypesIsRefused() throws {
    var graph = Graph()
    let node = try graph.addNode(opaque("Op"), inputs: [], outputs: ["y"], provenance: .source("test"))
    graph.setOutputs(graph[node].outputs.compactMap { $0 })
    let fault = try #require(exportFailure(Model(graph: graph)))
    #expect(fault.id == "onnx/interface-type")
    #expect(fault.location.value == "y")
  }

  @Test(arguments: [
    (DType.float32, 8), (.float8e5m2, 9), (.int4, 10), (.float4e2m1, 11), (.float8e8m0, 12), (.uint2, 13),
    (.float6e3m2, 14),
  ])
  func theIRVersionIsTheSmallestThatHasTheTypes(dtype: DType, version: Int) throws {
    let model = try oneNode(opaque("Op"), [.input(dtype, [1])], opset: 18)
    #expect(WrittenModel(try exported(model)).irVersion == version)
    let constant = try oneNode(opaque("Op"), [.constant(try Tensor(dtype: dtype, shape: [3]) { _ in })], opset: 18)
    #expect(WrittenModel(try exported(constant)).irVersion == version)
  }

  @Test(arguments: [(7, 4), (9, 4), (10, 5), (13, 7), (15, 8), (19, 9), (21, 10), (28, 14)])
  func theIRVersionFollowsTheOpset(opset: Int, version: Int) throws {
    #expect(WrittenModel(try exported(try oneNode(NewestForm("Relu"), [x]), opset: opset)).irVersion == version)
  }

  @Test func metadataNeedsANewerIRVersion() throws {
    var model = try oneNode(NewestForm("Relu"), [x], opset: 13)
    let node = try #require(model.graph.order.first)
    model.graph[node].annotations.metadata["key"] = "value"
    #expect(WrittenModel(try exported(model)).irVersion == 10)
    #expect(WrittenModel(try exported(try oneNode(opaque("F", overload: "v"), [x], opset: 13))).irVersion == 10)
    #expect(WrittenModel(try exported(try oneNode(opaque("F", [("t", .type(float))]), [x], opset: 13))).irVersion == 8)
  }

  @Test func theProducerIsLatheAndTheSourcesIsKept() throws {
    var model = try oneNode(NewestForm("Relu"), [x])
    model.metadata.producerName = "pytorch"
    model.metadata.producerVersion = "2.4"
    model.metadata.annotations.metadata["author"] = "someone"
    model.record = "{}"
    let written = WrittenModel(try exported(model))
    #expect(written.model.text(2) == "lathe")
    #expect(
      written.metadata
        == [
          "author": "someone", "lathe.source_producer": "pytorch", "lathe.source_producer_version": "2.4",
          "lathe.record": "{}",
        ])
    let folder = try TemporaryFolder()
    try ONNXExporter().export(model, to: folder.file("m.onnx"))
    let back = try ONNXImporter().importModel(at: folder.file("m.onnx")).model
    #expect(back.record == model.record)
    #expect(back.metadata.producerName == "pytorch")
    #expect(back.metadata.annotations == model.metadata.annotations)
  }

  @Test func onlyTypesThatCannotBeInferredAreWritten() throws {
    var graph = Graph()
    let input = try graph.addInput("x", type: float)
    var values: [ValueID?] = [input]
    for (op, name) in [
      (Add(), "known"), (opaque("Op"), "declared"), (opaque("Op"), "untyped"), (NewestForm("Relu"), "last"),
    ]
      as [(any Operator, String)]
    {
      let inputs = op is Add ? [input, input] : [values[values.count - 1]]
      values += graph[try graph.addNode(op, inputs: inputs, outputs: [name], provenance: .source("test"))].outputs
    }
    for value in [values[1], values[2], values[4]].compactMap({ $0 }) { graph.setType(float, of: value) }
    graph.setOutputs([try #require(values[4])])
    let model = Model(graph: graph)
    #expect(WrittenModel(try exported(model)).typedIntermediates == ["declared"])
    #expect(WrittenModel(try exported(model, declaresEveryType: true)).typedIntermediates == ["known", "declared"])
  }

  @Test func nodesOfOneNameAreToldApart() throws {
    var graph = Graph()
    var value = try graph.addInput("x", type: float)
    for (index, name) in ["n", "n", "", "n_1", "n", ""].enumerated() {
      let node = try graph.addNode(
        NewestForm("Relu"), inputs: [value], outputs: ["y\(index)"], name: name, provenance: .source("test"))
      value = try #require(graph[node].outputs[0])
    }
    graph.setType(float, of: value)
    graph.setOutputs([value])
    let written = WrittenModel(try exported(Model(graph: graph)))
    #expect(written.graph.messages(1).map { $0.text(3) } == ["n", "n_2", "", "n_1", "n_3", ""])
  }

  @Test func innerNamesDoNotHideOuterOnes() throws {
    var inner = Graph(name: "inner")
    let captured = try inner.addCapture("local", type: float)
    let hidden = try inner.addNode(NewestForm("Relu"), inputs: [captured], outputs: ["y"], provenance: .source("test"))
    let last = try inner.addNode(
      NewestForm("Relu"), inputs: inner[hidden].outputs, outputs: ["y_1"], provenance: .source("test"))
    inner.setOutputs(inner[last].outputs.compactMap { $0 } + [captured])
    var graph = Graph()
    let x = try graph.addInput("x", type: float)
    let node = try graph.addNode(
      opaque("Call", [("body", .graph(inner))]), inputs: [], captures: [x], outputs: ["y", "z"],
      provenance: .source("test"))
    for output in graph[node].outputs.compactMap({ $0 }) { graph.setType(float, of: output) }
    graph.setOutputs(graph[node].outputs.compactMap { $0 })
    #expect(
      WrittenModel(try exported(Model(graph: graph))).nodes
        == ["Call() {body = graph[Relu(x) -> y_2; Relu(y_2) -> y_1; Identity(x) -> x_output]} -> y, z"])
  }

  @Test func valuesWithoutNamesGetOne() throws {
    var model = try oneNode(NewestForm("Relu"), [x])
    try model.graph.rename(try #require(model.graph.inputs.first), to: "")
    #expect(WrittenModel(try exported(model)).nodes == ["Relu(value) -> y0"])
  }

  @Test func largeWeightsLieBesideAtMultiplesOf64() throws {
    let folder = try TemporaryFolder()
    var graph = Graph()
    for (name, count) in [("a", 300), ("small", 3), ("b", 1001), ("c", 512)] {
      _ = try graph.addConstant(name, try Tensor([Float](repeating: Float(count), count: count), shape: [count]))
    }
    graph.setOutputs([try graph.addInput("x", type: float)])
    var options = ONNXExporter.Options()
    options.placement = .external
    let summary = try ONNXExporter(options).export(Model(graph: graph), to: folder.file("m.onnx"))
    #expect(folder.names == ["m.onnx", "m.onnx.data"])
    let data = try folder.bytes("m.onnx.data")
    #expect(summary.files.map(\.path) == [folder.file("m.onnx"), folder.file("m.onnx.data")])
    #expect(summary.files.map(\.byteCount) == [try folder.bytes("m.onnx").count, data.count])
    let tensors = WrittenModel(try folder.bytes("m.onnx")).graph.messages(5)
    let places = tensors.map { $0.messages(13).map { "\($0.text(1))=\($0.text(2))" } }
    #expect(
      places == [
        ["location=m.onnx.data", "offset=0", "length=1200"], [],
        ["location=m.onnx.data", "offset=1216", "length=4004"], ["location=m.onnx.data", "offset=5248", "length=2048"],
      ])
    #expect(tensors.map { $0.number(14) } == [1, nil, 1, 1])
    #expect(data.count == 7296)
    #expect(try ONNXImporter().importModel(at: folder.file("m.onnx")).model.graph == graph)
  }

  @Test func oneFileIsWrittenUnlessTwoAreAskedFor() throws {
    let folder = try TemporaryFolder()
    let summary = try ONNXExporter().export(try weightModel(5000), to: folder.file("m.onnx"))
    #expect(folder.names == ["m.onnx"])
    #expect(summary.opset == 18 && summary.irVersion == 8)
  }

  @Test func aFailureLeavesWhatWasThere() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("m.onnx")
    try ONNXExporter().export(try weightModel(2000), to: path)
    let before = try folder.bytes("m.onnx")
    let bad = try oneNode(NewestForm("NoSuchOperator"), [x])
    #expect(throws: Diagnostic.self) { try ONNXExporter().export(bad, to: path) }
    // The data file cannot be placed over a folder.
    try FileManager.default.createDirectory(atPath: path + ".data", withIntermediateDirectories: false)
    var options = ONNXExporter.Options()
    options.placement = .external
    let fault = #expect(throws: Diagnostic.self) { try ONNXExporter(options).export(try weightModel(3000), to: path) }
    #expect(fault?.category == .unwritableOutput)
    #expect(folder.names == ["m.onnx", "m.onnx.data"])
    #expect(try folder.bytes("m.onnx") == before)
  }

  @Test(arguments: ["missing/m.onnx", "", "file/m.onnx", "folder", "nul\u{0}byte", "pipe"])
  func whatCannotBeWrittenIsSaid(name: String) throws {
    let folder = try TemporaryFolder()
    try Data().write(to: folder.url.appendingPathComponent("file"))
    try FileManager.default.createDirectory(atPath: folder.file("folder"), withIntermediateDirectories: false)
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    let path = name.isEmpty ? "" : "\(folder.path)/\(name)"
    let fault = try #require(
      #expect(throws: Diagnostic.self) { try ONNXExporter().export(try weightModel(10), to: path) })
    #expect(fault.id == "file/unwritable")
    #expect(fault.category == .unwritableOutput)
    #expect(fault.location.file != nil)
    #expect(folder.names == ["file", "folder", "pipe"])
  }

  @Test func aModelCanBeWrittenOverItsOwnFiles() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("m.onnx")
    var options = ONNXExporter.Options()
    options.placement = .external
    try ONNXExporter(options).export(try weightModel(50_000), to: path)
    let model = try ONNXImporter().importModel(at: path).model
    try ONNXExporter(options).export(model, to: path)
    let first = (try folder.bytes("m.onnx"), try folder.bytes("m.onnx.data"))
    try ONNXExporter(options).export(try ONNXImporter().importModel(at: path).model, to: path)
    #expect(try folder.bytes("m.onnx") == first.0)
    #expect(try folder.bytes("m.onnx.data") == first.1)
    #expect(try ONNXImporter().importModel(at: path).model.graph == model.graph)
  }

  @Test func aLinkIsFollowedAndPermissionsAreKept() throws {
    let folder = try TemporaryFolder()
    try Data([1]).write(to: folder.url.appendingPathComponent("real"))
    #expect(chmod(folder.file("real"), 0o640) == 0)
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: folder.file("real"))
    try ONNXExporter().export(try weightModel(10), to: folder.file("link"))
    #expect(try folder.bytes("real").count > 1)
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("real"))
    #expect(attributes[.posixPermissions] as? Int == 0o640)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.file("link")) == folder.file("real"))
  }
}
