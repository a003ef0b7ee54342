import LatheCalibration
import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Moves what is hard to quantize from activations into weights: divides each channel of a layer's operand by a number and multiplies the
/// weights of that channel with it.
///
/// ```
/// %y = lathe::Linear(%x, @w, @b)    →    %s = Mul(%x, @x.smoothing)
///                                        %y = lathe::Linear(%s, @w.smoothed, @b)
/// ```
/// The number of channel j is the power of two nearest to max|x_j|^strength / max|w_j|^(1 − strength), x over the samples (Xiao et al. 2022,
/// "SmoothQuant"), so that no product is rounded. Of several strengths, and of leaving the layer as it is, the one is taken whose rounding errors are
/// expected to move the layer's results least. `quantize/int8` makes the product part of what makes the INT8 values. Layers with one operand share
/// its numbers.
public struct Smooth: Pass {
  public struct Options: PassOptions {
    /// How much of the difficulty moves into the weights, 0 to 1; one alone is taken without asking whether it helps.
    public var strengths: [Float] = [0.25, 0.5, 0.75]
    /// Which scales `quantize/int8` will give activations: `static` or `dynamic`.
    public var activations = Int8Quantization.Activations.static
    /// Layers that stay as they are.
    public var ignore: [String] = []
    /// Layers that alone are smoothed; empty for all.
    public var only: [String] = []

    public init() {}
  }

  public static let id: PassID = "quantize/smooth"
  public static let summary = "moves outliers of activations into the weights of layers, for quantize/int8"

  private let options: Options

  public init(options: Options) { self.options = options }

  public var guarantee: Guarantee { .sameMathematics(relative: 1e-5) }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    guard !options.strengths.isEmpty, options.strengths.allSatisfy({ (0...1).contains($0) }) else {
      throw context.usage("quantize/strength", "strengths are numbers from 0 to 1, one at least")
    }
    let selection = try NodeSelection(ignore: options.ignore, only: options.only)
    var outcome = PassOutcome()
    selection.noteUnmatched(in: graph, to: &outcome)
    var groups: [(operand: ValueID, layers: [NodeID])] = []
    for id in graph.order {
      guard graph[id].op is Linear, let x = graph[id].inputs[0] else { continue }
      if let reason = selection.refusal(of: id, in: graph) ?? Self.refusal(of: graph[id], graph) {
        outcome.record(graph.describe(id), .declined(reason))
      } else if let index = groups.firstIndex(where: { $0.operand == x }) {
        groups[index].layers.append(id)
      } else {
        groups.append((x, [id]))
      }
    }
    guard !groups.isEmpty else { return outcome }
    guard let observe = context.observe else {
      throw context.usage(
        "quantize/samples", "smoothing needs samples to see activations on",
        fix: "add --samples FILE, --calibration-samples FILE or --ranges FILE")
    }
    let seen = try observe(graph, groups.map { ObservationPoint($0.operand, .channels) })
    for (group, observation) in zip(groups, seen) {
      try smooth(group.operand, group.layers, observation.channels, &graph, context, &outcome)
    }
    return outcome
  }

  private static func refusal(of node: Node, _ graph: Graph) -> String? {
    guard let weights = graph.constant(node.inputs[1]), weights.dtype == .float32 else { return "its weights are not constant floats" }
    guard !weights.shape.contains(0), weights.withElements(as: Float.self, { $0.allSatisfy(\.isFinite) }) else {
      return "its weights are not all finite, or there are none"
    }
    guard let x = node.inputs[0], ChannelScaling(of: x, graph) == nil else { return "its operand is smoothed already" }
    return graph[x].constant == nil ? nil : "its operand is constant"
  }

  private func smooth(
    _ x: ValueID, _ layers: [NodeID], _ channels: ChannelStatistics?, _ graph: inout Graph, _ context: PassContext,
    _ outcome: inout PassOutcome
  ) throws(Diagnostic) {
    let weights = layers.compactMap { graph.constant(graph[$0].inputs[1]) }
    guard let channels, channels.notFinite == 0, channels.largest.contains(where: { $0 > 0 }) else {
      for id in layers { outcome.record(graph.describe(id), .declined("\(graph[x].name) is not finite on the samples, or never reached")) }
      return
    }
    guard weights.allSatisfy({ $0.shape[0] == channels.largest.count }) else {
      for id in layers { outcome.record(graph.describe(id), .declined("\(channels.largest.count) channels were seen, which do not fit its weights")) }
      return
    }
    guard let divisors = Smoothing(channels, weights, isStatic: options.activations == .static).divisors(options.strengths) else {
      for id in layers { outcome.record(graph.describe(id), .declined("its rounding errors are expected to be least as it is")) }
      return
    }
    let name = graph[x].name
    let factors = try Tensor(divisors.map { 1 / $0 }, shape: [divisors.count])
    let constant = try graph.addConstant(graph.uniqueName("\(name).smoothing"), factors)
    let smoothed = try context.add(Mul(), [x, constant], to: &graph, replacing: layers)[0]
    for (id, tensor) in zip(layers, weights) {
      let columns = tensor.shape[1]
      let values = (tensor.elements(as: Float.self) ?? []).enumerated().map { $1 * divisors[$0 / columns] }
      let old = graph[id].inputs[1].map { graph[$0].name } ?? name
      let new = try graph.addConstant(graph.uniqueName("\(old).smoothed"), try Tensor(values, shape: tensor.shape))
      graph.setInput(0, of: id, to: smoothed)
      graph.setInput(1, of: id, to: new)
      outcome.record(graph.describe(id), .done)
    }
    for id in graph.constants where graph[id].users.isEmpty && !graph.isOutput(id) { graph.removeValue(id) }
  }
}
