internal import CLatheKernels
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheOperators
import LatheTensors

/// Runs a graph fast: kernels for the operators that matter, and reference evaluation for all others.
///
/// The instruction set is chosen when the process runs; `LATHE_ISA` names another. Results do not depend on the number of threads. Several
/// threads may run one runtime at once; its kernels take turns.
public struct Runtime: Sendable {
  public let graph: Graph
  /// How many nodes have a kernel.
  public let kernelCount: Int
  /// Runs the graph node by node, with the kernels in place of reference evaluation.
  public let interpreter: Interpreter

  /// Prepares a graph: packs constant weights for the kernels.
  ///
  /// - Throws: `runtime/threads`, and as the interpreter.
  public init(_ graph: Graph, limits: ResourceLimits = ResourceLimits(), threads: Int = 1) throws(Diagnostic) {
    let pool = try ThreadPool(threads: threads)
    var kernels: [NodeID: Interpreter.Kernel] = [:]
    var library = KernelLibrary(pool: pool, graph: graph)
    for id in graph.order { kernels[id] = try library.kernel(for: id) }
    self.graph = graph
    kernelCount = kernels.count
    interpreter = try Interpreter(graph, limits: limits, kernels: kernels)
  }

  /// The instruction set of the kernels: `avx2` or `scalar`.
  public static var instructionSet: String { String(cString: lathe_isa_name(lathe_isa_best())) }

  /// Runs the graph on one feed; see `Interpreter.run`.
  public func run(_ inputs: [String: Tensor], tap: Interpreter.Tap? = nil) throws(Diagnostic) -> [Tensor] {
    try interpreter.run(inputs, tap: tap)
  }

  /// Runs the graph on one feed of any values; see `Interpreter.run`.
  public func run(_ inputs: [String: Datum]) throws(Diagnostic) -> [Datum] { try interpreter.run(inputs) }
}
