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
    let isSource = path.hasSuffix(".swift")
    guard isSource || !path.hasSuffix(".py") else {
      throw .invalid("plugins/load", "this is a program", at: Location(file: path), fix: "run it as a pass: --pass exec:\(path)")
    }
    let plugin = SwiftPlugin(source: path)
    let library = isSource ? try plugin.library() : path
    Supervisor.announceLoading(path, isBounded: true)
    defer { Supervisor.announceLoading(path, isBounded: false) }
    do throws(Diagnostic) {
      return try entries(in: library)
    } catch {
      var located = error
      located.location.file = path
      // What was kept may have been cut short; compiling it again is cheap.
      guard isSource, error.id == "plugins/load" else { throw located }
      return try entries(in: try plugin.compiledAnew())
    }
  }

  private func entries(in library: String) throws(Diagnostic) -> [PassCatalog.Entry] {
    let entries = try PluginLibrary(path: library).entries
    guard !entries.isEmpty else {
      throw .invalid("plugins/empty", "the plugin brings no passes", at: Location(file: library), fix: "list them in PluginExport.passes")
    }
    return entries
  }

  /// The pass that an id such as `exec:./my_pass.py` or `exec:python3 my_pass.py` names.
  public func entry(forExecutable id: PassID) -> PassCatalog.Entry {
    let program = ExternalProgram(command: String(id.rawValue.dropFirst("exec:".count)), timeout: timeout)
    return PassCatalog.Entry(id, summary: ExecutablePass.summary, guarantee: .unstated) { (options) throws(Diagnostic) in
      ExecutablePass(program: program, options: options)
    }
  }
}
