internal import Foundation
import LatheDiagnostics
import LathePassKit

/// Makes passes of what is not part of this program: Swift sources, shared objects and executables.
public struct PluginLoader: Sendable {
  /// How long an executable may run.
  public var timeout: Duration

  public init(timeout: Duration = .seconds(600)) { self.timeout = timeout }

  /// The passes of a `.swift` or `.so` file.
  ///
  /// A source is compiled against the modules this program was built from, and the result kept by the digest of all that went in.
  /// - Throws: `plugins/…` for what cannot be compiled or loaded or was made for another version.
  public func entries(of path: String) throws(Diagnostic) -> [PassCatalog.Entry] {
    guard FileManager.default.fileExists(atPath: path) else {
      throw Diagnostic("file/missing", .missingInput, "there is no such plugin", at: Location(file: path))
    }
    guard path.hasSuffix(".swift") else { return try PluginLibrary(path: path).entries }
    return try PluginLibrary(path: try SwiftPlugin(source: path).library()).entries
  }

  /// The pass that an id such as `exec:./my_pass.py` names.
  public func entry(forExecutable id: PassID) -> PassCatalog.Entry {
    let path = String(id.rawValue.dropFirst("exec:".count))
    let timeout = timeout
    return PassCatalog.Entry(id, summary: ExecutablePass.summary, guarantee: .unstated) { (options) throws(Diagnostic) in
      ExecutablePass(program: path.contains("/") ? path : "./" + path, options: options, timeout: timeout)
    }
  }
}
