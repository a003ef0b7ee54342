internal import COnnx
import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheProtobuf
import LatheTensors
import OrderedCollections

/// A model ready to be written: every decision made, nothing on disk yet.
struct ExportPlan {
  let opset: Int
  let irVersion: Int
  let writer: SkeletonWriter
  let external: ExternalData?

  /// Plans one file, or two if weights are to lie beside or the model is too large for one; nil for `fileName` forbids
  /// a second.
  init(_ model: Model, _ options: ONNXExporter.Options, fileName: String?) throws(Diagnostic) {
    var model = model
    try Self.decompose(&model.graph, for: options.opset ?? model.metadata.operatorSets[""] ?? OpsetChoice.fallback)
    let opset = try OpsetChoice(graph: model.graph).choose(options.opset, source: model.metadata.operatorSets[""])
    let isLarge = model.graph.constantByteCount >= SkeletonWriter.largestFile
    let wantsData = options.placement == .external || isLarge
    let data = fileName.map { ExternalData(location: "\($0).data", threshold: options.externalThreshold) }
    do throws(Diagnostic) {
      self = try ExportPlan(model, options, opset, wantsData ? data : nil)
    } catch {
      // Close to the limit, only the whole file tells.
      guard error.id == "onnx/too-large", !wantsData, let data else { throw error }
      self = try ExportPlan(model, options, opset, data)
    }
  }

  /// Says Lathe's own operators, and those that the operator set does not have yet, in standard operators that it has.
  private static func decompose(_ graph: inout Graph, for opset: Int) throws(Diagnostic) {
    try graph.decompose { id, graph in
      let node = graph[id]
      if node.op.name.domain == "lathe" { return true }
      // Only what is asked for is computed by a decomposition: the first output.
      guard node.outputs.count == 1, ONNXVersions.opset.contains(opset) else { return false }
      return (try? Lowering.lower(id, of: graph, opset: opset)) == nil
    }
  }

  private init(
    _ model: Model, _ options: ONNXExporter.Options, _ opset: Int, _ external: ExternalData?
  ) throws(Diagnostic) {
    let encoder = ModelEncoder(opset: opset, external: external, declaresEveryType: options.declaresEveryType)
    let skeleton = try encoder.skeleton(model, producerVersion: options.producerVersion)
    guard let root = WireSchema.onnx.index(of: messageDescriptor(lathe__onnx__model_proto__init)) else {
      throw Diagnostic("onnx/schema", .internalFault, "the schema lacks the message to write")
    }
    self.opset = opset
    irVersion = encoder.demand.version
    writer = try SkeletonWriter(skeleton, as: root, schema: .onnx, payloads: encoder.payloads)
    self.external = encoder.external.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Writes the files, which appear under their names when both are complete.
  func write(to path: String) throws(Diagnostic) -> ONNXExporter.Summary {
    let modelFile = try OutputFile(path: path)
    var dataFile: OutputFile?
    if let external {
      let file = try OutputFile(path: "\(path).data")
      try external.write { (bytes) throws(Diagnostic) in try file.write(bytes) }
      try file.finish()
      dataFile = file
    }
    try writer.write { (bytes) throws(Diagnostic) in try modelFile.write(bytes) }
    try modelFile.finish()
    try dataFile?.commit()
    try modelFile.commit()
    var files = [ONNXExporter.Summary.File(path: path, byteCount: modelFile.byteCount)]
    if let dataFile { files.append(.init(path: "\(path).data", byteCount: dataFile.byteCount)) }
    return ONNXExporter.Summary(opset: opset, irVersion: irVersion, files: files)
  }
}
