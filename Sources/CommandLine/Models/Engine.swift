import ArgumentParser
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheRuntime
import LatheSamples
import LatheTensors

/// What runs a model.
struct Engine: Sendable {
  /// Engines that can be asked for.
  enum Name: String, ExpressibleByArgument, CaseIterable { case reference, runtime }

  let name: Name
  /// Runs the graph node by node, with the runtime's kernels or without.
  let interpreter: Interpreter

  /// - Parameter threads: that the runtime's kernels share; the interpreter needs none of its own.
  /// - Throws: the engine's diagnostics, with the model's file.
  init(_ name: Name, _ graph: Graph, file: String? = nil, limits: ResourceLimits, threads: Int = 1) throws(Diagnostic) {
    self.name = name
    do throws(Diagnostic) {
      interpreter =
        switch name {
        case .reference: try Interpreter(graph, limits: limits)
        case .runtime: try Runtime(graph, limits: limits, threads: threads).interpreter
        }
    } catch {
      throw error.located(in: Location(file: file))
    }
  }

  var graph: Graph { interpreter.graph }

  /// Feeds that run at once: the runtime's threads work on one.
  func concurrency(_ threads: Int) -> Int {
    name == .runtime ? 1 : threads
  }

  /// The outputs of one feed.
  ///
  /// - Throws: the engine's diagnostics, with the sample that the feed holds.
  func run(_ feed: Feed) throws(Diagnostic) -> [Tensor] {
    do throws(Diagnostic) {
      guard !feed.compounds.isEmpty else { return try interpreter.run(feed.inputs) }
      var outputs: [Tensor] = []
      for output in try interpreter.run(feed.values) { outputs.append(try output.requireTensor()) }
      return outputs
    } catch {
      var located = error
      located.notes.append("while running sample \((feed.samples.first ?? 0) + 1)")
      throw located
    }
  }
}
