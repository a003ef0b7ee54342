import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit

/// Takes whole layers out of a stack of alike ones, those first that are missed least, and fits what is left to the samples.
///
/// ```
/// %a = layer(%x)        →    %c = layer(%x)
/// %b = layer(%a)
/// %c = layer(%b)
/// ```
/// A layer is what lies between two values of one type through which everything goes, where the same operators follow one another again and again.
/// Which go is decided one after another: each time that without which the outputs on the samples change least (Lin et al. 2020, "ROSITA", prunes depth
/// before width).
public struct DropLayers: Pass {
  public struct Options: PassOptions {
    /// The share of the layers that stays, above 0 to 1.
    public var depth = 0.75
    /// Numbers of the layers that go, from 0; empty for those that are missed least.
    public var layers: [Int] = []
    /// What the outputs are compared by.
    public var metric = Drift.Metric.meanCosine
    /// The least of the metric that will do on the samples.
    public var target = 0.0
    /// Products that are fitted anew on the samples: `none`, those to which a `residual` is added, or `all`.
    public var recover = Recovery.Scope.residual
    /// How strongly fits keep to the weights that are there, as a share of the features' mean square.
    public var regularization = 0.03
    /// How much of what the dropped layers did the fits make good, 0 to 1.
    public var compensation = 1.0

    public init() {}
  }

  public static let id: PassID = "structure/drop-layers"
  public static let summary = "takes whole layers out, those first that are missed least, and fits the rest to the samples"

  private let options: Options

  public init(options: Options) { self.options = options }

  public var guarantee: Guarantee { .approximate(metric: options.metric, bound: options.target) }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    guard options.depth > 0, options.depth <= 1, options.regularization >= 0, options.regularization.isFinite,
      (0...1).contains(options.compensation), options.recover != .cut,
      options.metric.isLikeness
    else {
      throw context.usage("structure/depth", "depth is above 0 and at most 1, compensation 0 to 1, recover is none, residual or all, and the metric agreement, cosine or mean cosine")
    }
    var outcome = PassOutcome()
    let stack = LayerStack(graph)
    guard !stack.layers.isEmpty else {
      outcome.record("the graph", .declined("no operators follow one another again and again between values through which everything goes"))
      return outcome
    }
    let gone = try options.layers.isEmpty ? leastMissed(stack, graph, context) : named(stack, context)
    let reference = graph
    graph = try stack.dropping(gone, from: graph, context)
    for (number, layer) in stack.layers.enumerated() {
      let subject = "layer \(number), up to %\(reference[layer.end].name)"
      outcome.record(subject, gone.contains(number) ? .done : .declined("it stays"))
    }
    guard options.recover != .none, !gone.isEmpty else { return outcome }
    guard let regress = context.regress else {
      outcome.notes.append("nothing was recovered: there are no samples; add --samples FILE, or recover=none")
      return outcome
    }
    var none: [Recovery.Loss] = []
    try Recovery(reference: reference, regularization: options.regularization, share: options.compensation, regress: regress)
      .run(on: &graph, options.recover, &none, &outcome)
    return outcome
  }

  private func named(_ stack: LayerStack, _ context: PassContext) throws(Diagnostic) -> Set<Int> {
    let wanted = Set(options.layers)
    guard wanted.isSubset(of: stack.layers.indices), wanted.count < stack.layers.count else {
      throw context.usage("structure/layers", "the graph has layers 0 to \(stack.layers.count - 1), of which one has to stay; \(options.layers) are to go")
    }
    return wanted
  }

  /// Layers to drop, found one after another.
  private func leastMissed(_ stack: LayerStack, _ graph: Graph, _ context: PassContext) throws(Diagnostic) -> Set<Int> {
    let count = stack.layers.count - max(1, Int((options.depth * Double(stack.layers.count)).rounded()))
    guard count > 0 else { return [] }
    guard let compare = context.compare else {
      throw context.usage(
        "structure/samples", "layers are judged on samples", fix: "add --samples FILE or --calibration-samples FILE, or name them with layers")
    }
    var gone: Set<Int> = []
    while gone.count < count {
      var best: (layer: Int, likeness: Double)?
      for layer in stack.layers.indices where !gone.contains(layer) {
        let likeness = try compare(graph, try stack.dropping(gone.union([layer]), from: graph, context))[options.metric]
        if likeness > best?.likeness ?? -.infinity { best = (layer, likeness) }
      }
      guard let best else { break }
      gone.insert(best.layer)
    }
    return gone
  }
}
