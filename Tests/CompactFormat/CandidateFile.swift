import LatheCompactFormat
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTestSupport

extension TemporaryFolder {
  /// Reads a model from these bytes.
  func read(_ bytes: [UInt8], limits: ResourceLimits = ResourceLimits()) throws(Diagnostic) -> Model {
    guard let path = try? write("candidate.lathe", bytes) else { fatalError("cannot write in \(path)") }
    return try CompactReader.read(path: path, limits: limits, catalog: .standard)
  }
}
