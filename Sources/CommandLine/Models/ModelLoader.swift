internal import Foundation
import LatheCompactFormat
import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheONNX
import LatheOperators
import LatheTensors

/// Opens models of every format by looking at their bytes.
struct ModelLoader {
  let limits: ResourceLimits

  /// A model, with how it came.
  struct Loaded {
    var model: Model
    /// `onnx` or `lathe`.
    var format: String
    /// The files it consists of, the model's own first.
    var files: [String]

    /// Whether weights lie in the order in which kernels read them.
    var isPacked: Bool {
      model.graph.order.map { model.graph[$0].op }.contains { $0 is PackedLinear || $0 is PackedQuantizedLinear }
    }
  }

  /// The model at `path`; warnings go to standard error.
  ///
  /// - Throws: the reader's diagnostics, with the file.
  func load(_ path: String) throws(Diagnostic) -> Loaded {
    do throws(Diagnostic) {
      return try open(path)
    } catch {
      throw error.located(in: Location(file: path))
    }
  }

  private func open(_ path: String) throws(Diagnostic) -> Loaded {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw .invalid(
        "model/folder", "this is a folder, and models in folders cannot be read yet",
        fix: "give the model's .onnx or .lathe file")
    }
    let head = try MappedFile(path: path).prefix(64)
    if head.withUnsafeBytes(CompactLayout.isCompact) {
      let model = try CompactReader.read(path: path, limits: limits, catalog: .standard)
      return Loaded(model: model, format: "lathe", files: [path])
    }
    let imported = try ONNXImporter(catalog: .standard, limits: limits).importModel(at: path)
    let renderer = DiagnosticRenderer(terminal: .error)
    for warning in imported.warnings {
      Terminal.error.write(renderer.render(warning.located(in: Location(file: path))))
    }
    return Loaded(model: imported.model, format: "onnx", files: [path] + imported.externalFiles)
  }
}
