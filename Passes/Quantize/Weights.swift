import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Stores the weights of what stays in float as INT8 or INT4 values with scales.
///
/// ```
/// %y = lathe::Linear(%x, @w, @b)    →    %w = DequantizeLinear(@w.int8, @w.scale)
///                                        %y = lathe::Linear(%x, %w, @b)
/// ```
/// The runtime makes floats of them once, when it opens the model: files are smaller, and runs are as fast as before. Symmetric, the largest
/// magnitude / 127 or / 7, with 8 bits for each output, with 4 bits for each `block` of inputs of an output. Tables whose rows are looked up stay as
/// they are.
public struct Weights: Pass {
  public struct Options: PassOptions {
    /// 8 or 4.
    public var bits = 8
    /// Inputs that share a scale; 0 for all of an output.
    public var block = -1
    /// Nodes that stay as they are.
    public var ignore: [String] = []
    /// Nodes that alone are changed; empty for all.
    public var only: [String] = []

    public init() {}
  }

  public static let id: PassID = "quantize/weights"
  public static let summary = "stores weights of what stays in float as INT8 or INT4 values"

  private let options: Options

  public init(options: Options) { self.options = options }

  public var guarantee: Guarantee { .approximate(metric: .cosine, bound: options.bits == 8 ? 0.99 : 0.9) }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    guard options.bits == 8 || options.bits == 4, options.block >= -1 else {
      throw context.usage("quantize/bits", "bits is 8 or 4, and block a number of inputs, not \(options.bits) and \(options.block)")
    }
    let selection = try NodeSelection(ignore: options.ignore, only: options.only)
    var outcome = PassOutcome()
    selection.noteUnmatched(in: graph, to: &outcome)
    var made: Set<ValueID> = []
    for id in graph.order {
      for site in WeightSite.sites(of: graph[id]) {
        guard let value = graph[id].inputs[site.position] else { continue }
        if made.contains(value) {
          outcome.record("\(graph[value].name) of \(graph.describe(id))", .done)
          continue
        }
        guard let weights = graph.constant(value), weights.dtype == .float32 else { continue }
        let subject = "\(graph[value].name) of \(graph.describe(id))"
        if let reason = selection.refusal(of: id, in: graph) ?? site.refusal ?? Self.refusal(weights)
          ?? (graph[id].op is MatMul && weights.rank != 2 ? "they are a batch of matrices" : nil)
          ?? (isShared(value, graph, selection) ? "something that stays as it is reads them too" : nil)
        {
          outcome.record(subject, .declined(reason))
          continue
        }
        let stored = try StoredWeights(weights, site, bits: options.bits, block: options.block)
        guard stored.byteCount < weights.byteCount else {
          outcome.record(subject, .declined("as codes with scales they take \(stored.byteCount) bytes, as floats \(weights.byteCount)"))
          continue
        }
        made.insert(try replace(value, with: stored, before: id, &graph, context))
        outcome.record(subject, .done)
      }
    }
    return outcome
  }

  private static func refusal(_ weights: Tensor) -> String? {
    guard weights.rank >= 2 else { return "they are a vector" }
    guard !weights.shape.contains(0) else { return "there are none" }
    return weights.withElements(as: Float.self) { $0.allSatisfy(\.isFinite) } ? nil : "its weights are not all finite"
  }

  /// Whether weights are read where they are to stay, or otherwise than as weights.
  private func isShared(_ value: ValueID, _ graph: Graph, _ selection: NodeSelection) -> Bool {
    graph.isOutput(value)
      || graph[value].users.contains { user in
        let places = graph[user].inputs.indices.filter { graph[user].inputs[$0] == value }
        let sites = WeightSite.sites(of: graph[user]).filter { $0.refusal == nil }.map(\.position)
        return places.isEmpty || !places.allSatisfy(sites.contains) || selection.refusal(of: user, in: graph) != nil
      }
  }

  /// The floats that take the weights' place.
  private func replace(
    _ value: ValueID, with stored: StoredWeights, before id: NodeID, _ graph: inout Graph, _ context: PassContext
  ) throws(Diagnostic) -> ValueID {
    let name = graph[value].name
    let codes = try graph.addConstant(graph.uniqueName("\(name).int\(options.bits)"), stored.codes)
    let scales = try graph.addConstant(graph.uniqueName("\(name).scale"), stored.scales)
    let floats = try context.add(stored.op, [codes, scales], to: &graph, replacing: [id])[0]
    graph.replaceAllUses(of: value, with: floats)
    graph.removeValue(value)
    return floats
  }
}
