internal import COnnx
import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheOperators
import LatheTensors

/// Reads ONNX models: IR versions 3 to 14, operator sets 1 to 28.
///
/// Every operator that Lathe knows arrives in its newest meaning; others are kept as they are. Functions of the model
/// are expanded, Constant nodes become constants, and the elements of tensors stay in the mapped files where they can.
public struct ONNXImporter: Sendable {
  /// Operators that are made; others stay opaque.
  public let catalog: OperatorCatalog
  /// Bounds on what a model may ask for.
  public let limits: ResourceLimits

  /// An importer that makes the operators of `catalog`.
  public init(catalog: OperatorCatalog = .standard, limits: ResourceLimits = ResourceLimits()) {
    self.catalog = catalog
    self.limits = limits
  }

  /// Reads the model at `path`, and the files beside it that hold its external data.
  ///
  /// - Throws: `onnx/…`, `limit/…`, `operator/…` and `file/…`, with the file and, where one
  ///   is at fault, the node and value.
  public func importModel(at path: String) throws(Diagnostic) -> ONNXImport {
    let file = try MappedFile(path: path)
    do throws(Diagnostic) {
      let decoded = try DecodedModel(file.bytes, owner: file, file: path, limits: limits)
      let result = try read(decoded, at: path)
      file.dropPages()
      return result
    } catch {
      throw error.located(in: Location(file: path))
    }
  }

  private func read(_ decoded: DecodedModel, at path: String) throws(Diagnostic) -> ONNXImport {
    defer { withExtendedLifetime(decoded) {} }
    let proto = decoded.model
    let metadata = try ModelMetadataReader.read(proto)
    let external = ExternalFiles(besideModelAt: path)
    var functions = try FunctionTable(MessageList(proto.functions, proto.n_functions), limits: limits)
    guard let graph = proto.graph else { throw Diagnostic("onnx/no-graph", .internalFault, "the model has no graph") }
    try functions.check(graph, limits: limits)
    let reader = ModelReader(
      catalog: catalog, limits: limits, irVersion: metadata.irVersion ?? 0,
      tensors: TensorReader(payloads: decoded.decoded.payloads, limits: limits, external: external),
      functions: functions)
    let target = GraphTarget(name: reader.freeText(graph.pointee.name, "the graph's name"), enclosing: nil)
    let scope = Scope(
      target, parent: nil,
      operatorSets: Dictionary(uniqueKeysWithValues: metadata.operatorSets.map { ($0.key, $0.value) }))
    try reader.nested { () throws(Diagnostic) in try reader.read(graph, in: scope) }
    try Verifier().verify(target.graph)
    reader.warnAbout(proto, uncheckedFiles: external.uncheckedCount)
    var model = Model(graph: target.graph, metadata: metadata)
    model.metadata.annotations = reader.annotations(
      proto.doc_string, MessageList(proto.metadata_props, proto.n_metadata_props))
    ExportedMetadata.restore(&model)
    return ONNXImport(
      model: model, warnings: decoded.warnings + reader.warnings.all(in: Location(file: path)),
      externalFiles: external.paths)
  }
}

/// An imported model, and what was remarkable about it.
public struct ONNXImport: Sendable {
  /// The model, its types inferred and its graph verified.
  public var model: Model
  /// Remarks on what was left out, ignored or kept in an older form.
  public var warnings: [Diagnostic]
  /// The data files beside the model that its tensors are in.
  public var externalFiles: [String]

  /// A model with remarks on it.
  public init(model: Model, warnings: [Diagnostic] = [], externalFiles: [String] = []) {
    self.model = model
    self.warnings = warnings
    self.externalFiles = externalFiles
  }
}

extension ModelReader {
  /// Remarks on parts of the model that are not read.
  func warnAbout(_ proto: Lathe__Onnx__ModelProto, uncheckedFiles: Int) {
    if proto.n_training_info > 0 {
      warnings.add(.warning("onnx/dropped", "the model's training information is left out"))
    }
    if proto.n_configuration > 0 {
      warnings.add(.warning("onnx/dropped", "the model's device configurations are left out"))
    }
    if uncheckedFiles > 0 {
      warnings.add(
        .warning(
          "onnx/external-checksum", "the checksums of \(uncheckedFiles) tensors in external data were not verified"))
    }
  }
}
