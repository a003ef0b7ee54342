import ArgumentParser
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LathePassKit
import LathePasses
import LatheRuntime
import LatheSamples
import LatheTensors

/// What runs a model.
struct Engine: Sendable {
  /// Engines that can be asked for.
  enum Name: String, ExpressibleByArgument, CaseIterable { case reference, runtime }

  private enum Kind {
    case reference(Interpreter)
    case runtime(Runtime)
  }

  private let kind: Kind
  let graph: Graph

  /// - Parameter threads: that the runtime's kernels share; the interpreter needs none of its own.
  /// - Throws: the engine's diagnostics, with the model's file.
  init(_ name: Name, _ graph: Graph, file: String? = nil, limits: ResourceLimits, threads: Int = 1) throws(Diagnostic) {
    self.graph = graph
    do throws(Diagnostic) {
      kind =
        switch name {
        case .reference: .reference(try Interpreter(Self.unpacked(graph, limits), limits: limits))
        case .runtime: .runtime(try Runtime(graph, limits: limits, threads: threads))
        }
    } catch {
      throw error.located(in: Location(file: file))
    }
  }

  /// The graph with its weights in rows, as reference evaluation would otherwise bring them in every run.
  private static func unpacked(_ graph: Graph, _ limits: ResourceLimits) throws(Diagnostic) -> Graph {
    var graph = graph
    _ = try UnpackWeights(options: NoOptions()).run(on: &graph, in: PassContext(pass: UnpackWeights.id, limits: limits))
    return graph
  }

  /// Feeds that run at once: the runtime's threads work on one.
  func concurrency(_ threads: Int) -> Int {
    if case .runtime = kind { 1 } else { threads }
  }

  /// The outputs of one feed.
  ///
  /// - Throws: the engine's diagnostics, with the sample that the feed holds.
  func run(_ feed: Feed) throws(Diagnostic) -> [Tensor] {
    do throws(Diagnostic) {
      var outputs: [Tensor] = []
      for output in try run(feed.values) { outputs.append(try output.requireTensor()) }
      return outputs
    } catch {
      var located = error
      located.notes.append("while running sample \((feed.samples.first ?? 0) + 1)")
      throw located
    }
  }

  /// The outputs for any values.
  func run(_ inputs: [String: Datum]) throws(Diagnostic) -> [Datum] {
    switch kind {
    case .reference(let interpreter): try interpreter.run(inputs)
    case .runtime(let runtime): try runtime.run(inputs)
    }
  }

  /// What the nodes took in one run; nil where the engine does not tell.
  func profile(_ inputs: [String: Datum]) throws(Diagnostic) -> [NodeTime]? {
    guard case .runtime(let runtime) = kind else { return nil }
    return try runtime.profile(inputs)
  }
}
