import LatheIR
import LatheTensors

/// What a pass promises about the model's results; every promise is measured where samples are given.
public enum Guarantee: Sendable, Hashable {
  /// Not one bit of any output changes.
  case identicalBits
  /// Not one bit of any output changes where every token of a sample is still in the vocabulary; other samples read differently.
  case identicalBitsWhereCovered
  /// The same mathematics in another order: the largest error of each output is within this share of its largest magnitude.
  case sameMathematics(relative: Double)
  /// Outputs change; the metric stays within the bound.
  case approximate(metric: Drift.Metric, bound: Double)
  /// Nothing is promised: what a program outside says that makes no statement.
  case unstated
}

extension Guarantee: CustomStringConvertible {
  public var description: String {
    switch self {
    case .identicalBits: "identical bits"
    case .identicalBitsWhereCovered: "identical bits where all tokens are kept"
    case .sameMathematics(let relative): "same mathematics, within \(relative)"
    case .approximate(let metric, let bound): "\(metric.rawValue) \(metric.isLikeness ? "at least" : "within") \(bound)"
    case .unstated: "none"
    }
  }
}

extension Guarantee {
  /// What the promise comes to on a graph that quantizes floats as it runs: the last bit of a sum can move a value at a tie to the next code.
  func carried(through graph: Graph) -> Guarantee {
    guard case .sameMathematics = self, graph.quantizesFloats else { return self }
    return .approximate(metric: .cosine, bound: 0.999)
  }

  /// How the drift of a step breaks the promise, or nil if it keeps it.
  public func violation(by drift: Drift) -> String? {
    switch self {
    case .unstated: return nil
    case .identicalBits, .identicalBitsWhereCovered:
      guard drift.changedOutputs > 0 || drift.incomparable > 0 else { return nil }
      return "\(drift.changedOutputs) outputs changed, by up to \(drift.absoluteError)"
    case .sameMathematics(let relative): return Self.violation(drift, .relativeError, relative)
    case .approximate(let metric, let bound): return Self.violation(drift, metric, bound)
    }
  }

  private static func violation(_ drift: Drift, _ metric: Drift.Metric, _ bound: Double) -> String? {
    if drift.incomparable > 0 { return "\(drift.incomparable) elements became something else (NaN, infinity, other text)" }
    let figure = drift[metric]
    // Written so that NaN breaks the promise.
    let isKept = metric.isLikeness ? figure >= bound : figure <= bound
    return isKept ? nil : "the \(metric.rawValue) is \(figure)"
  }
}

extension Graph {
  /// Whether a node makes integers of 16 bits or fewer of floats, other than by Cast.
  fileprivate var quantizesFloats: Bool {
    order.contains { id in
      let node = self[id]
      guard node.op.name.name != "Cast", node.operands.contains(where: { self[$0].type?.tensor?.dtype.isFloat == true }) else { return false }
      return node.outputs.contains { output in
        guard let dtype = output.flatMap({ self[$0].type?.tensor?.dtype }) else { return false }
        return dtype.isInteger && dtype.bitWidth <= 16
      }
    }
  }
}
