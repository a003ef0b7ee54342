import ArgumentParser
internal import Foundation
import LatheCompactFormat
import LatheDiagnostics
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
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lathe-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw Diagnostic(
        "test/temporary-folder", .unwritableOutput, "no temporary folder can be made: \(error.localizedDescription)")
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    return try trip(folder.appendingPathComponent(name).path)
  }
}
