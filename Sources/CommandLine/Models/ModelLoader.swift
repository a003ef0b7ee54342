internal import Foundation
import LatheArchitectures
import LatheCompactFormat
import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheONNX
import LatheOperators
import LatheTensors
import LatheWeightDumps

/// Opens models of every format by looking at their bytes.
struct ModelLoader {
  /// What it opens, for the help of an argument.
  static let formats = ".onnx, .lathe, a folder with config.json and model.safetensors, or a JSON dump of weights"

  let limits: ResourceLimits
  /// What stands on the encoder of a checkpoint; nil for what its class has.
  var head: Head?

  /// A model, with how it came.
  struct Loaded {
    var model: Model
    /// `onnx`, `lathe`, `folder` or `weights`.
    var format: String
    /// The files it consists of, the model's own first.
    var files: [String]
    /// The tensors and the configuration that the graph was made of, if it was.
    var checkpoint: Checkpoint?
    var warnings: [Diagnostic] = []

    /// Whether weights lie in the order in which kernels read them.
    var isPacked: Bool {
      model.graph.order.map { model.graph[$0].op }.contains { $0 is PackedLinear || $0 is PackedQuantizedLinear }
    }
  }

  /// The model at `path`; warnings go to standard error.
  ///
  /// - Throws: the reader's diagnostics, with the file.
  func load(_ path: String) throws(Diagnostic) -> Loaded {
    let loaded: Loaded
    do throws(Diagnostic) {
      loaded = try open(path)
    } catch {
      throw error.located(in: Location(file: path))
    }
    let renderer = DiagnosticRenderer(terminal: .error)
    for warning in loaded.warnings {
      Terminal.error.write(renderer.render(warning.located(in: Location(file: path))))
    }
    return loaded
  }

  private func open(_ path: String) throws(Diagnostic) -> Loaded {
    var isFolder: ObjCBool = false
    let checkpoints = CheckpointLoader(limits: limits, head: head)
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      return try checkpoints.folder(path)
    }
    let start = try MappedFile(path: path).prefix(64)
    if DumpReader.isLikely(start) { return try checkpoints.dump(path) }
    guard head == nil else {
      throw Diagnostic("usage/head", .usage, "--head is for folders and dumps, whose graph is made here; this model has one")
    }
    if start.withUnsafeBytes(CompactLayout.isCompact) {
      let model = try CompactReader.read(path: path, limits: limits, catalog: .standard)
      return Loaded(model: model, format: "lathe", files: [path])
    }
    let imported = try ONNXImporter(catalog: .standard, limits: limits).importModel(at: path)
    var loaded = Loaded(model: imported.model, format: "onnx", files: [path] + imported.externalFiles)
    loaded.warnings = imported.warnings
    return loaded
  }
}
