internal import Foundation
import LatheDiagnostics
import LatheFiles

/// A folder of its own, until it is removed.
struct TemporaryDirectory {
  private let folder: String

  /// - Throws: `file/unwritable` if none can be made.
  init() throws(Diagnostic) {
    let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    // mkdtemp puts letters of its own in the place of the last six.
    var template = Array("\(base)/lathe-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else {
      throw OutputFile.unwritable(base, String(cString: strerror(errno)))
    }
    folder = String(cString: made)
  }

  func path(_ name: String) -> String { folder + "/" + name }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
