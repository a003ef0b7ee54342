import LatheCompactFormat
import LatheDiagnostics
import LatheIR
import LatheONNX

/// Writes models in the format that an output's ending asks for.
struct ModelWriter {
  /// Of ONNX; nil for the source's, or the first that can say it.
  var opset: Int?
  /// Whether ONNX has its weights in a file beside it.
  var externalData = false

  /// - Throws: the writers' diagnostics; what ONNX cannot carry is a warning on standard error.
  func write(_ model: Model, _ format: OutputFormat, to path: String) throws(Diagnostic) {
    switch format {
    case .lathe: try CompactWriter.write(model, to: path)
    case .onnx:
      var options = ONNXExporter.Options()
      options.opset = opset
      options.placement = externalData ? .external : .automatic
      options.producerVersion = LatheCommand.version
      _ = try ONNXExporter(options).export(model, to: path)
      guard model.text != nil else { return }
      Terminal.error.write(
        DiagnosticRenderer(terminal: .error).render(
          .warning("convert/text-dropped", "ONNX cannot carry the vocabulary and labels; \(path) is without them")))
    }
  }
}

/// The format that an output's ending asks for.
enum OutputFormat: Equatable {
  case lathe, onnx

  /// - Throws: `usage/output-format` for any other ending.
  init(path: String) throws(Diagnostic) {
    if path.hasSuffix(".lathe") {
      self = .lathe
    } else if path.hasSuffix(".onnx") {
      self = .onnx
    } else {
      throw Diagnostic(
        "usage/output-format", .usage, "\(path) ends in neither .lathe nor .onnx",
        fix: "name the output NAME.lathe or NAME.onnx")
    }
  }
}
