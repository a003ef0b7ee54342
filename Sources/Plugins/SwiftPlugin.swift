internal import Crypto
internal import Foundation
import LatheDiagnostics
import LatheFiles

/// A plugin given as Swift source: compiled once for each content, then kept.
struct SwiftPlugin {
  private static let compileTimeout = Duration.seconds(600)

  let source: String

  /// The shared object.
  ///
  /// - Throws: `plugins/modules` and `plugins/compiler` where what compiling needs is not there, and `plugins/compile` with the
  ///   compiler's messages.
  func library() throws(Diagnostic) -> String {
    let modules = try Self.modules()
    let compiler = try Self.compiler()
    let folder = try Self.cache()
    let library = "\(folder)/\(try digest(modules, compiler)).so"
    if FileManager.default.fileExists(atPath: library) { return library }
    let stubs = "\(folder)/modules"
    try Self.writeStubs(to: stubs)
    let unfinished = Interruption.Path("\(library).\(getpid())")
    defer {
      unlink(unfinished.text)
      unfinished.forget()
    }
    let arguments = [
      "-O", "-parse-as-library", "-emit-library", "-swift-version", "6", "-module-name", moduleName, "-I", modules,
      "-I", stubs, "-o", unfinished.text, source.hasPrefix("-") ? "./" + source : source,
    ]
    let result = try ChildProcess(executable: compiler, arguments: arguments).run(timeout: Self.compileTimeout, echoes: false)
    guard result.ending == .exited(0) else {
      let lines = result.tail.split(whereSeparator: \.isNewline).map { String($0) }
      throw .invalid(
        "plugins/compile", "the plugin does not compile", at: Location(file: source),
        notes: Array(lines.filter { $0.contains("error:") || $0.contains(" | ") }.prefix(12)),
        fix: "\(compiler) \(arguments.joined(separator: " ")) shows it all")
    }
    guard rename(unfinished.text, library) == 0 else {
      throw OutputFile.unwritable(library, String(cString: strerror(errno)))
    }
    return library
  }

  /// C modules that lathe's modules use inside: the compiler asks that they exist, and a plugin needs none of their declarations.
  private static func writeStubs(to folder: String) throws(Diagnostic) {
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try OutputFile.write(Array("module CJSONC {}\nmodule COpenBLAS {}\nmodule CLatheInterruption {}\n".utf8), to: "\(folder)/module.modulemap")
  }

  /// The shared object, compiled whether or not there is one.
  ///
  /// - Throws: as `library`.
  func compiledAnew() throws(Diagnostic) -> String {
    unlink("\(try Self.cache())/\(try digest(try Self.modules(), try Self.compiler())).so")
    return try library()
  }

  /// A module name that cannot collide with those of the program.
  private var moduleName: String {
    let stem = ((source as NSString).lastPathComponent as NSString).deletingPathExtension
    return "Plugin_" + String(stem.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
  }

  /// Of the source, the modules it sees, and the compiler.
  private func digest(_ modules: String, _ compiler: String) throws(Diagnostic) -> String {
    var hasher = SHA256()
    hasher.update(data: Data(try InputFile.bytes(of: source, maximumBytes: 1 << 24)))
    hasher.update(data: Data("\(source)\n\(compiler) \(Self.stamp(compiler))\n".utf8))
    for name in (try? FileManager.default.contentsOfDirectory(atPath: modules).sorted()) ?? [] where name.hasPrefix("Lathe") && name.hasSuffix(".swiftmodule") {
      hasher.update(data: Data("\(name)\n".utf8))
      hasher.update(data: Data(try InputFile.bytes(of: "\(modules)/\(name)", maximumBytes: 1 << 28)))
    }
    return hasher.finalize().prefix(16).map { String(format: "%02x", $0) }.joined()
  }

  /// Size and time of a file's last change.
  private static func stamp(_ path: String) -> String {
    var status = stat()
    guard stat(path, &status) == 0 else { return "" }
    return "\(status.st_size) \(status.st_mtim.tv_sec)"
  }

  /// The folder with `LathePassKit.swiftmodule`: `LATHE_MODULES`, or beside the program.
  private static func modules() throws(Diagnostic) -> String {
    let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let folder = (program as NSString).deletingLastPathComponent
    let given = ProcessInfo.processInfo.environment["LATHE_MODULES"]
    let places = given.map { [$0] } ?? ["\(folder)/Modules", "\(folder)/../lib/lathe"]
    if let found = places.first(where: { FileManager.default.fileExists(atPath: "\($0)/LathePassKit.swiftmodule") }) {
      return found
    }
    throw .invalid(
      "plugins/modules", "a Swift plugin is compiled against lathe's modules, which are not in \(places.joined(separator: " or "))",
      fix: "set LATHE_MODULES to the folder with LathePassKit.swiftmodule, such as .build/release/Modules")
  }

  private static func compiler() throws(Diagnostic) -> String {
    let environment = ProcessInfo.processInfo.environment
    if let given = environment["LATHE_SWIFTC"] { return given }
    for folder in (environment["PATH"] ?? "").split(separator: ":") {
      let candidate = "\(folder)/swiftc"
      if access(candidate, X_OK) == 0 { return candidate }
    }
    throw .invalid(
      "plugins/compiler", "a Swift plugin needs swiftc, which is not on the PATH",
      fix: "install Swift from https://www.swift.org/install/linux, or give a built shared object")
  }

  /// A folder that only this user can write to, since what lies there is run.
  private static func cache() throws(Diagnostic) -> String {
    let environment = ProcessInfo.processInfo.environment
    let base = environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "/tmp")/.cache"
    let folder = "\(base)/lathe/plugins"
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    var status = stat()
    guard stat(folder, &status) == 0, access(folder, W_OK) == 0 else {
      throw OutputFile.unwritable(folder, "compiled plugins are kept there; set XDG_CACHE_HOME to another place")
    }
    guard status.st_uid == getuid(), status.st_mode & 0o022 == 0 else {
      throw OutputFile.unwritable(folder, "others can write there, and what lies there is run")
    }
    return folder
  }
}
