import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Computes nodes whose operands are all constants, with the reference evaluation.
///
/// ```
/// @w: f32[4, 2]                        @w_t: f32[2, 4]
/// %w_t = Transpose(@w)            →
/// %y = MatMul(%x, %w_t)                %y = MatMul(%x, @w_t)
/// ```
/// Quantized weights of products of quantized values, and quantized tables, stay quantized. A node is left alone if its results would add
/// more than `maximum-growth` bytes to the model, or all results together more than `maximum-total-growth`.
public struct FoldConstants: Pass {
  public struct Options: PassOptions {
    /// Bytes by which one node's results may exceed the constants that they replace.
    public var maximumGrowth = 1 << 20
    /// Bytes by which the results of all nodes together may exceed the constants that they replace.
    public var maximumTotalGrowth = 64 << 20

    public init() {}
  }

  public static let id: PassID = "simplify/fold-constants"
  public static let summary = "computes what depends on constants only"

  private let options: Options

  public init(options: Options) { self.options = options }

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    var total = 0
    for id in graph.order {
      guard let op = graph[id].op as? any Evaluable, graph[id].captures.isEmpty else { continue }
      let inputs = graph[id].inputs.map { graph.constant($0) }
      guard zip(inputs, graph[id].inputs).allSatisfy({ $0 != nil || $1 == nil }) else { continue }
      let description = graph.describe(id)
      if op is any RandomDraw {
        outcome.record(description, .declined("its results are drawn at random"))
        continue
      }
      if graph.keepsCodes(id) {
        outcome.record(description, .declined("its codes are read by products of quantized values or by a look-up"))
        continue
      }
      do {
        let size = try op.outputBytes(inputs)
        let growth = max(0, size - replacedBytes(id, graph))
        guard growth <= options.maximumGrowth else {
          outcome.record(
            description, .declined("its \(size) bytes of results exceed maximum-growth = \(options.maximumGrowth)"))
          continue
        }
        guard growth <= options.maximumTotalGrowth - total else {
          outcome.record(
            description,
            .declined(
              "its \(size) bytes of results exceed what is left of maximum-total-growth = \(options.maximumTotalGrowth)"
            ))
          continue
        }
        let results = try op.evaluateChecked(inputs, limits: context.limits)
        for input in inputs { input?.storage?.0.dropPages() }
        try context.replace(id, with: results, in: &graph)
        total += growth
        outcome.record(description, .done)
      } catch {
        guard error.category == .invalidInput else { throw error }
        outcome.record(description, .declined("it cannot be computed: \(error.message)"))
      }
    }
    removeUnusedConstants(&graph)
    return outcome
  }

  /// Bytes of the operands that nothing else reads.
  private func replacedBytes(_ id: NodeID, _ graph: Graph) -> Int {
    Set(graph[id].operands).reduce(0) {
      $0 + (graph[$1].users.allSatisfy { $0 == id } ? graph[$1].constant?.byteCount ?? 0 : 0)
    }
  }

  private func removeUnusedConstants(_ graph: inout Graph) {
    let outputs = Set(graph.outputs)
    for id in graph.constants where graph[id].users.isEmpty && !outputs.contains(id) { graph.removeValue(id) }
  }
}
