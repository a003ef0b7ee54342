import ArgumentParser
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheRuntime
import LatheSamples
import LatheTensors

/// What runs a model.
enum Engine: Sendable {
  /// Engines that can be asked for.
  enum Name: String, ExpressibleByArgument, CaseIterable { case reference, runtime }

  case reference(Interpreter)
  case runtime(Runtime)

  /// - Parameter threads: that the runtime's kernels share; the interpreter needs none of its own.
  /// - Throws: the engine's diagnostics, with the model's file.
  init(_ name: Name, _ graph: Graph, file: String, limits: ResourceLimits, threads: Int) throws(Diagnostic) {
    do throws(Diagnostic) {
      switch name {
      case .reference: self = .reference(try Interpreter(graph, limits: limits))
      case .runtime: self = .runtime(try Runtime(graph, limits: limits, threads: threads))
      }
    } catch {
      throw error.located(in: Location(file: file))
    }
  }

  var graph: Graph {
    switch self {
    case .reference(let interpreter): interpreter.graph
    case .runtime(let runtime): runtime.graph
    }
  }

  /// Feeds that run at once: the runtime's threads work on one.
  func concurrency(_ threads: Int) -> Int {
    if case .runtime = self { return 1 }
    return threads
  }

  /// The outputs of one feed.
  ///
  /// - Throws: the engine's diagnostics, with the sample that the feed holds.
  func run(_ feed: Feed) throws(Diagnostic) -> [Tensor] {
    do throws(Diagnostic) {
      var outputs: [Tensor] = []
      switch self {
      case .reference(let interpreter):
        guard !feed.compounds.isEmpty else { return try interpreter.run(feed.inputs) }
        for output in try interpreter.run(feed.values) { outputs.append(try output.requireTensor()) }
      case .runtime(let runtime):
        guard !feed.compounds.isEmpty else { return try runtime.run(feed.inputs) }
        for output in try runtime.run(feed.values) { outputs.append(try output.requireTensor()) }
      }
      return outputs
    } catch {
      var located = error
      located.notes.append("while running sample \((feed.samples.first ?? 0) + 1)")
      throw located
    }
  }
}
