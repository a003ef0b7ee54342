import ArgumentParser
import LatheCompactFormat
import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheONNX
import LatheOperators

/// A format that a model is written in and read back from.
enum RoundTrip: String, ExpressibleByArgument, CaseIterable, Sendable {
  case onnx, lathe, text

  /// The model after the trip.
  ///
  /// - Parameter opset: of ONNX; nil for what the exporter chooses.
  func apply(to model: Model, limits: ResourceLimits, opset: Int? = nil) throws(Diagnostic) -> Model {
    switch self {
    case .text:
      var copy = model
      let text = GraphPrinter(inlineElements: .max).print(model.graph)
      copy.graph = try GraphParser(catalog: .standard, limits: limits).parse(text)
      return copy
    case .onnx:
      return try throughFile("model.onnx") { (path) throws(Diagnostic) in
        var options = ONNXExporter.Options()
        options.opset = opset
        try ONNXExporter(options).export(model, to: path)
        return try ONNXImporter(limits: limits).importModel(at: path).model
      }
    case .lathe:
      return try throughFile("model.lathe") { (path) throws(Diagnostic) in
        try CompactWriter.write(model, to: path)
        return try CompactReader.read(path: path, limits: limits, catalog: .standard)
      }
    }
  }

  private func throughFile(_ name: String, _ trip: (String) throws(Diagnostic) -> Model) throws(Diagnostic) -> Model {
    let folder = try TemporaryDirectory()
    defer { folder.remove() }
    return try trip(folder.path(name))
  }
}
