import ArgumentParser
internal import Foundation
import LatheDiagnostics
import LathePassKit
import LathePasses
import LathePlugins

/// `--plugin` and `--plugin-timeout`.
struct PluginOptions: ParsableArguments {
  @Option(
    name: .customLong("plugin"),
    help: ArgumentHelp("Bring in the passes of a Swift source or a shared object.", valueName: "file.swift|file.so"))
  var files: [String] = []

  @Option(help: ArgumentHelp("Longest time for one run of a plugin's pass or a program.", valueName: "seconds"))
  var pluginTimeout = 600.0

  mutating func validate() throws {
    guard pluginTimeout > 0, pluginTimeout <= 1e6 else { throw ValidationError("--plugin-timeout is over 0 and at most 1000000") }
  }

  var loader: PluginLoader { PluginLoader(timeout: .seconds(pluginTimeout)) }

  /// Where plugins are to be loaded, does all the work in a second process and ends this one with its exit code.
  ///
  /// - Parameter others: plugins besides those of `--plugin`.
  /// - Throws: `plugins/crashed` and `plugins/timeout`.
  func supervise(_ others: [String]) throws(Diagnostic) {
    guard !(files + others).isEmpty else { return }
    guard Supervisor.isInner else { Foundation.exit(try Supervisor(timeout: .seconds(pluginTimeout)).run(CommandLine.arguments)) }
    Terminal.moveOutput(to: Supervisor.begin())
  }

  /// The built-in passes and those of the plugins.
  func catalog(with others: [String]) throws(Diagnostic) -> PassCatalog {
    var catalog = PassCatalog.standard
    for file in others + files {
      do throws(Diagnostic) {
        for entry in try loader.entries(of: file) { try catalog.add(entry) }
      } catch {
        throw error.located(in: Location(file: file))
      }
    }
    return catalog
  }

  /// The built-in passes, those of the recipe's plugins and of `--plugin`, and the programs that the recipe runs.
  func catalog(for recipe: Recipe) throws(Diagnostic) -> PassCatalog {
    var catalog = try catalog(with: recipe.plugins)
    for step in recipe.steps where step.id.rawValue.hasPrefix("exec:") && !catalog.contains(step.id) {
      try catalog.add(loader.entry(forExecutable: step.id))
    }
    return catalog
  }
}
