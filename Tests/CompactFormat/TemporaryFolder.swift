import Foundation
import LatheCompactFormat
import LatheDiagnostics
import LatheIR
import LatheOperators

/// A folder that goes away with its last reference.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/lathe-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

  /// Reads a model from these bytes.
  func read(_ bytes: [UInt8], limits: ResourceLimits = ResourceLimits()) throws(Diagnostic) -> Model {
    let path = file("candidate.lathe")
    guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else {
      fatalError("cannot write \(path)")
    }
    return try CompactReader.read(path: path, limits: limits, catalog: .standard)
  }
}
