internal import CLathePlugin
internal import Foundation
import LatheDiagnostics
import LathePassKit

/// A shared object with passes, loaded into this process for good.
///
/// Its entry point is `lathe_swift_plugin`, which returns `PluginExport.passes(…)`, or `lathe_plugin_open` of `lathe_plugin.h`.
struct PluginLibrary {
  private typealias SwiftEntry = @convention(c) () -> UnsafeRawPointer
  private typealias CEntry = @convention(c) () -> UnsafePointer<lathe_plugin>?

  let entries: [PassCatalog.Entry]

  /// - Throws: `plugins/load` if it is no shared object that this program can load, `plugins/entry` without an entry point, and
  ///   `plugins/version` where it was made for another interface.
  init(path: String) throws(Diagnostic) {
    // Without a slash, dlopen would search the system's folders.
    guard let handle = dlopen(path.contains("/") ? path : "./" + path, RTLD_NOW | RTLD_LOCAL) else {
      throw .invalid(
        "plugins/load", "the plugin cannot be loaded: \(String(cString: dlerror()))", at: Location(file: path),
        fix: "build it against this lathe; a Swift plugin can be given as its .swift file")
    }
    if let symbol = dlsym(handle, "lathe_swift_plugin") {
      entries = try Self.entries(unsafeBitCast(symbol, to: SwiftEntry.self)(), path)
    } else if let symbol = dlsym(handle, "lathe_plugin_open") {
      entries = try Self.entries(unsafeBitCast(symbol, to: CEntry.self)(), path)
    } else {
      throw .invalid(
        "plugins/entry", "the plugin exports neither lathe_swift_plugin nor lathe_plugin_open", at: Location(file: path),
        fix: "Passes/WRITING-A-PASS.md shows the entry point")
    }
  }

  private static func entries(_ pointer: UnsafeRawPointer, _ path: String) throws(Diagnostic) -> [PassCatalog.Entry] {
    guard let interface = PluginExport.interface(of: pointer) else {
      throw .invalid("plugins/entry", "lathe_swift_plugin does not return PluginExport.passes", at: Location(file: path),
        fix: "return PluginExport.passes([…])")
    }
    try check(interface, PluginExport.interface, path)
    return (PluginExport.open(pointer)?.passes ?? []).map { PassCatalog.Entry($0) }
  }

  private static func entries(
    _ plugin: UnsafePointer<lathe_plugin>?, _ path: String
  ) throws(Diagnostic) -> [PassCatalog.Entry] {
    guard let plugin = plugin?.pointee else {
      throw .invalid("plugins/entry", "lathe_plugin_open returns NULL", at: Location(file: path), fix: "return the plugin's table")
    }
    try check(UInt64(plugin.interface), UInt64(LATHE_PLUGIN_INTERFACE), path)
    guard plugin.pass_count == 0 || plugin.passes != nil else {
      throw .invalid("plugins/entry", "the plugin counts \(plugin.pass_count) passes and has none", at: Location(file: path), fix: "point passes to the table")
    }
    var entries: [PassCatalog.Entry] = []
    for index in 0..<Int(plugin.pass_count) {
      guard let pass = CPass(plugin.passes[index]) else {
        throw .invalid(
          "plugins/entry", "pass \(index + 1) of the plugin has no id, no summary, no run, or a guarantee that means nothing",
          at: Location(file: path))
      }
      entries.append(pass.entry)
    }
    return entries
  }

  private static func check(_ interface: UInt64, _ own: UInt64, _ path: String) throws(Diagnostic) {
    guard interface != own else { return }
    throw .invalid(
      "plugins/version", "the plugin was made for version \(interface) of the interface, and this is version \(own)",
      at: Location(file: path), fix: "build it again with this lathe")
  }
}
