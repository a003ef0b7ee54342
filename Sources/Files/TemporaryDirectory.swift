internal import Foundation
import LatheDiagnostics

/// A folder of its own, until it is removed or a signal ends the process.
public struct TemporaryDirectory: Sendable {
  private let folder: Interruption.Path

  /// - Throws: `file/unwritable` if none can be made.
  public init() throws(Diagnostic) {
    let given = ProcessInfo.processInfo.environment["TMPDIR"] ?? ""
    let base = given.isEmpty ? "/tmp" : given
    folder = try Interruption.deferred { () throws(Diagnostic) in
      // mkdtemp puts letters of its own in the place of the last six.
      var template = Array("\(base)/lathe-XXXXXX".utf8CString)
      guard let made = mkdtemp(&template) else {
        throw OutputFile.unwritable(base, String(cString: strerror(errno)))
      }
      return Interruption.Path(String(cString: made))
    }
  }

  /// The folder itself.
  public var path: String { folder.text }

  /// The path of a file in the folder.
  public func path(_ name: String) -> String { folder.text + "/" + name }

  /// Removes the folder with all that is in it.
  public func remove() {
    try? FileManager.default.removeItem(atPath: folder.text)
    folder.forget()
  }
}
