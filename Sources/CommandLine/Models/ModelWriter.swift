import LatheArchitectures
import LatheCompactFormat
import LatheDiagnostics
import LatheIR
import LatheONNX
import LatheWeightDumps

/// Writes models in the format that an output's ending asks for.
struct ModelWriter {
  /// Of ONNX; nil for the source's, or the first that can say it.
  var opset: Int?
  /// Whether ONNX has its weights in a file beside it.
  var externalData = false
  /// What the model was made of, if it still is that: then a dump says it; otherwise it has the graph in text form.
  var checkpoint: Checkpoint?

  /// - Throws: the writers' diagnostics; what ONNX cannot carry is a warning on standard error.
  func write(_ model: Model, _ format: OutputFormat, to path: String) throws(Diagnostic) {
    switch format {
    case .lathe: try CompactWriter.write(model, to: path)
    case .dump:
      if let checkpoint {
        try DumpWriter.write(checkpoint, to: path)
      } else {
        try DumpWriter.write(try GraphCheckpoint.checkpoint(of: model.graph, labels: model.text?.labels ?? []), to: path)
      }
      if let text = model.text, !text.vocabulary.isEmpty { warnOfDroppedText("a dump cannot carry the vocabulary; \(path) is without it") }
    case .onnx:
      var options = ONNXExporter.Options()
      options.opset = opset
      options.placement = externalData ? .external : .automatic
      options.producerVersion = LatheCommand.version
      _ = try ONNXExporter(options).export(model, to: path)
      if let text = model.text, !text.vocabulary.isEmpty || !text.labels.isEmpty { warnOfDroppedText("ONNX cannot carry the vocabulary and labels; \(path) is without them") }
    }
  }

  private func warnOfDroppedText(_ message: String) {
    Terminal.error.write(
      DiagnosticRenderer(terminal: .error).render(.warning("convert/text-dropped", message)))
  }
}

/// The format that an output's ending asks for.
enum OutputFormat: Equatable {
  case lathe, onnx
  /// Tensors and configuration as JSON.
  case dump

  /// - Throws: `usage/output-format` for any other ending.
  init(path: String) throws(Diagnostic) {
    if path.hasSuffix(".lathe") {
      self = .lathe
    } else if path.hasSuffix(".onnx") {
      self = .onnx
    } else if path.hasSuffix(".json") {
      self = .dump
    } else {
      throw Diagnostic(
        "usage/output-format", .usage, "\(path) ends in none of .lathe, .onnx and .json",
        fix: "name the output NAME.lathe or NAME.onnx")
    }
  }
}
