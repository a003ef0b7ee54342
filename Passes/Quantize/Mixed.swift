import LatheDiagnostics
import LatheIR
import LathePassKit

/// Puts as many layers on INT8 as a target allows, and keeps those in float that cost most.
///
/// ```
/// %a = lathe::Linear(%x, @v)        →    %a = lathe::QuantizedLinear(…)
/// %y = lathe::Linear(%a, @w)             %y = lathe::Linear(%a, @w)          (its drift alone was the largest)
/// ```
/// Quantizes each layer alone, compares the outputs with those of the graph in float on the samples, sorts the layers by that, and looks for the least
/// number of the worst to keep in float so that the target holds. All options of `quantize/int8` but these two mean what they mean there.
public struct Mixed: Pass {
  public struct Options: PassOptions {
    /// What is held to the target: `agreement`, `cosine` (the least of all rows) or `mean cosine`.
    public var metric = Drift.Metric.agreement
    /// The least of the metric that will do, 0 to 1.
    public var target = 0.995
    public var activations = Int8Quantization.Activations.static
    public var calibrator = Int8Quantization.Options().calibrator
    public var clipWeights = false
    public var correctBias = false
    public var ignore: [String] = []
    public var only: [String] = []

    public init() {}

    fileprivate var quantization: Int8Quantization.Options {
      var options = Int8Quantization.Options()
      (options.activations, options.calibrator) = (activations, calibrator)
      (options.clipWeights, options.correctBias) = (clipWeights, correctBias)
      return options
    }
  }

  public static let id: PassID = "quantize/mixed"
  public static let summary = "puts layers on INT8, and keeps the worst in float until a target holds"

  private let options: Options

  public init(options: Options) { self.options = options }

  public var guarantee: Guarantee { .approximate(metric: options.metric, bound: options.target) }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    guard options.metric.isLikeness, (0...1).contains(options.target) else {
      throw context.usage(
        "quantize/target", "the target is 0 to 1 of agreement, cosine or mean cosine, not \(options.target) of \(options.metric.rawValue)")
    }
    guard let compare = context.compare else {
      throw context.usage(
        "quantize/samples", "layers need samples to be judged on",
        fix: "add --samples FILE or --calibration-samples FILE")
    }
    var outcome = PassOutcome()
    let selection = try NodeSelection(ignore: options.ignore, only: options.only)
    selection.noteUnmatched(in: graph, to: &outcome)
    let quantizer = try Int8Quantizer(graph, options.quantization, selection, context, &outcome)
    let original = graph
    func likeness(_ layers: Set<NodeID>) throws(Diagnostic) -> Double {
      var candidate = original
      var ignored = PassOutcome()
      try quantizer.quantize(&candidate, only: layers, &ignored)
      return try compare(original, candidate)[options.metric]
    }
    let layers = quantizer.layers(graph)
    let isGood = try likeness(Set(layers)) >= options.target
    let worst = isGood ? [] : try worstFirst(layers, likeness)
    let kept = isGood ? 0 : try leastKept(worst.map(\.layer), likeness)
    for (layer, figure) in worst.prefix(kept) {
      outcome.record(graph.describe(layer), .declined("kept in float: alone in INT8 it gives a\(options.metric == .agreement ? "n" : "") \(options.metric.rawValue) of \(figure)"))
    }
    try quantizer.quantize(&graph, only: Set(layers).subtracting(worst.prefix(kept).map(\.layer)), &outcome)
    outcome.notes.append("\(kept) of \(layers.count) layers stay in float so that the \(options.metric.rawValue) is at least \(options.target)")
    return outcome
  }

  /// The layers with what each alone does, the worst first.
  private func worstFirst(
    _ layers: [NodeID], _ likeness: (Set<NodeID>) throws(Diagnostic) -> Double
  ) throws(Diagnostic) -> [(layer: NodeID, likeness: Double)] {
    var judged: [(layer: NodeID, likeness: Double)] = []
    for layer in layers { judged.append((layer, try likeness([layer]))) }
    return judged.enumerated().sorted { ($0.element.likeness, $0.offset) < ($1.element.likeness, $1.offset) }.map(\.element)
  }

  /// How many of the worst have to stay in float, by bisection: the more do, the better the result is taken to be.
  private func leastKept(
    _ worst: [NodeID], _ likeness: (Set<NodeID>) throws(Diagnostic) -> Double
  ) throws(Diagnostic) -> Int {
    var (fails, holds) = (0, worst.count)
    while holds - fails > 1 {
      let middle = (fails + holds) / 2
      if try likeness(Set(worst.dropFirst(middle))) >= options.target { holds = middle } else { fails = middle }
    }
    return holds
  }
}
