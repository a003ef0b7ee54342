import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheTensors

/// Writes `.lathe` files: equal models give equal bytes.
public struct CompactWriter {
  /// Writes the model beside `path` and then renames it, so that there is a whole file or none.
  ///
  /// Tensors go to the file from where they are stored, one by one.
  ///
  /// - Throws: `verifier/…` for a graph that breaks a rule, `lathe/…` for what the format cannot hold, and
  ///   `file/unwritable` (`.unwritableOutput`).
  public static func write(_ model: Model, to path: String) throws(Diagnostic) {
    let contents = try CompactContents(model)
    let file = try OutputFile(path: path)
    try contents.write { (bytes) throws(Diagnostic) in try file.write(bytes) }
    try file.commit()
  }

  /// The bytes that `write` writes, for small models.
  public static func bytes(of model: Model) throws(Diagnostic) -> [UInt8] {
    let contents = try CompactContents(model)
    var result: [UInt8] = []
    try contents.write { (bytes) throws(Diagnostic) in result.append(contentsOf: bytes) }
    return result
  }
}
