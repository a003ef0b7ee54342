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
  enum Name: Equatable, ExpressibleByArgument {
    case reference, runtime
    /// Another runtime, asked by a program: see `ExternalEngine`.
    case program(String)

    private static let prefix = "exec:"

    init?(argument: String) {
      switch argument {
      case "reference": self = .reference
      case "runtime": self = .runtime
      default:
        guard argument.hasPrefix(Self.prefix), argument.count > Self.prefix.count else { return nil }
        self = .program(String(argument.dropFirst(Self.prefix.count)))
      }
    }

    static var allValueStrings: [String] { ["reference", "runtime", "exec:COMMAND"] }

    var defaultValueDescription: String { name }

    /// As it is asked for.
    var name: String {
      switch self {
      case .reference: "reference"
      case .runtime: "runtime"
      case .program(let command): Self.prefix + command
      }
    }
  }

  private enum Kind {
    case reference(Interpreter)
    case runtime(Runtime)
    case program(ExternalEngine)
  }

  private let kind: Kind
  let graph: Graph

  /// - Parameters:
  ///   - threads: that the runtime's kernels share; the interpreter needs none of its own.
  ///   - timeout: how long a program may take.
  /// - Throws: the engine's diagnostics, with the model's file.
  init(_ name: Name, _ graph: Graph, file: String? = nil, limits: ResourceLimits, threads: Int = 1, timeout: Double = 600) throws(Diagnostic) {
    self.graph = graph
    do throws(Diagnostic) {
      kind =
        switch name {
        case .reference: .reference(try Interpreter(Self.unpacked(graph, limits), limits: limits))
        case .runtime: .runtime(try Runtime(graph, limits: limits, threads: threads))
        case .program(let command): .program(ExternalEngine(command, graph, limits: limits, timeout: .seconds(timeout)))
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

  /// Feeds that run at once: the runtime's threads work on one, and a program is asked once.
  func concurrency(_ threads: Int) -> Int {
    if case .reference = kind { threads } else { 1 }
  }

  /// The outputs of all feeds, for an engine that is asked once for all; nil for any other.
  ///
  /// - Throws: as `ExternalEngine`.
  func runTogether(_ feeds: [Feed]) throws(Diagnostic) -> [[Tensor]]? {
    guard case .program(let program) = kind else { return nil }
    let names = Set(graph.inputs.map { graph[$0].name })
    return try program.run(feeds.map { $0.restricted(to: names).values })
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
    case .program(let program): try program.run([inputs])[0].map { .tensor($0) }
    }
  }

  /// What the nodes took in one run; nil where the engine does not tell.
  func profile(_ inputs: [String: Datum]) throws(Diagnostic) -> [NodeTime]? {
    guard case .runtime(let runtime) = kind else { return nil }
    return try runtime.profile(inputs)
  }
}
