import LatheCalibration
import LatheDiagnostics
import LatheIR
import LathePassKit

/// Quantizes the layers of one graph, all of them or some: what is seen on the samples is seen once.
struct Int8Quantizer {
  private let plan: Int8Plan
  private let weights: WeightQuantization
  private let context: PassContext

  /// Plans what can be INT8, and chooses its scales.
  ///
  /// - Throws: `quantize/samples` where samples are needed and there are none, and what observing throws.
  init(
    _ graph: Graph, _ options: Int8Quantization.Options, _ selection: NodeSelection, _ context: PassContext, _ outcome: inout PassOutcome
  ) throws(Diagnostic) {
    var plan = Int8Plan(graph, selection, isStatic: options.activations == .static, &outcome)
    let ranges = options.activations == .static ? plan.points : []
    let channels = options.correctBias ? plan.layerOperands(graph).map { ObservationPoint($0, .channels) } : []
    let needsSamples = options.activations == .static || options.correctBias
    let points = ranges + channels
    let seen = Array(zip(points, needsSamples ? try Self.observe(points, graph, options, context) : []))
    try plan.choose(options.calibrator, Array(seen.prefix(ranges.count)), graph, &outcome)
    let means = seen.dropFirst(ranges.count).compactMap { point, seen in seen.channels.map { (point.value, $0.means) } }
    weights = WeightQuantization(clips: options.clipWeights, means: Dictionary(means) { first, _ in first })
    self.plan = plan
    self.context = context
  }

  private static func observe(
    _ points: [ObservationPoint], _ graph: Graph, _ options: Int8Quantization.Options, _ context: PassContext
  ) throws(Diagnostic) -> [Observation] {
    guard let observe = context.observe else {
      let what = options.activations == .static ? "static activations need samples to choose their scales on" : "correct-bias needs samples"
      throw context.usage(
        "quantize/samples", what,
        fix: "add --samples FILE, --calibration-samples FILE or --ranges FILE, or use activations=dynamic")
    }
    return points.isEmpty ? [] : try observe(graph, points)
  }

  /// Layers that can be INT8, in the order of the graph.
  func layers(_ graph: Graph) -> [NodeID] { graph.order.filter(plan.layers.contains) }

  /// Quantizes the graph.
  ///
  /// - Parameter chosen: layers that alone become INT8; nil for all.
  func quantize(_ graph: inout Graph, only chosen: Set<NodeID>? = nil, _ outcome: inout PassOutcome) throws(Diagnostic) {
    var rewriting = Int8Rewriting(chosen.map { plan.restricted(to: $0, graph) } ?? plan, weights, context)
    try rewriting.run(on: &graph, &outcome)
  }
}
