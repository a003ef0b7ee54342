import LatheIR
import LatheJSON
import LatheTensors
import OrderedCollections

/// How far one value of a candidate is from its counterpart: by its own node's doing, and in all.
public struct NodeTrace: Sendable {
  /// Codes of a quantized value.
  public struct Codes: Sendable, Hashable {
    public var count = 0
    /// Codes at an end of the range.
    public var saturated = 0
    /// Values of the reference that lie beyond the range.
    public var clipped = 0

    public var saturatedShare: Double { count == 0 ? 0 : Double(saturated) / Double(count) }
    public var clippedShare: Double { count == 0 ? 0 : Double(clipped) / Double(count) }
  }

  /// As diagnostics name it.
  public let node: String
  public let id: NodeID
  /// Place in the candidate's order.
  public let position: Int
  /// The candidate's value.
  public let value: String
  /// The reference's value.
  public let counterpart: String
  /// The pass that made the node; nil for a node of the source.
  public let madeBy: String?
  /// Nodes without counterparts that the value is computed by as well.
  public let companions: [String]
  public let pair: ValuePair
  /// Against the reference's value, with the candidate as it runs: what came from the nodes before as well.
  public var inherited: OutputComparison
  /// Against the reference's value, with the reference's values as operands.
  public var own: OutputComparison
  /// nil for a value that is not quantized.
  public var codes: Codes?

  init(_ pair: ValuePair, position: Int, companions: [String], reference: Graph, candidate: Graph) {
    let id = candidate.order[position]
    self.id = id
    self.position = position
    self.companions = companions
    self.pair = pair
    node = candidate.describe(id)
    value = candidate[pair.candidate].name
    counterpart = reference[pair.reference].name
    if case .pass(let name, _) = candidate[id].provenance { madeBy = name } else { madeBy = nil }
    inherited = OutputComparison(name: value)
    own = OutputComparison(name: value)
    codes = pair.candidateScale.map { _ in Codes() }
  }
}

extension NodeTrace {
  /// The entry for machines.
  public var json: JSONValue {
    var object: OrderedDictionary<String, JSONValue> = [
      "node": .string(node), "value": .string(value), "counterpart": .string(counterpart),
      "pass": madeBy.map { .string($0) } ?? .null, "inherited": inherited.errorFigures, "own": own.errorFigures,
    ]
    if !companions.isEmpty { object["companions"] = .array(companions.map { .string($0) }) }
    if let codes {
      object["codes"] = [
        "count": .integer(Int64(codes.count)), "saturated": .number(codes.saturatedShare), "clipped": .number(codes.clippedShare),
      ]
    }
    return .object(object)
  }
}

extension OutputComparison {
  /// Largest error over the largest magnitude; infinite where something became NaN or infinite, or where there should be nothing.
  public var largestErrorShare: Double {
    if incomparable > 0 { return .infinity }
    guard maximumAbsoluteError > 0 else { return 0 }
    return maximumMagnitude > 0 ? maximumAbsoluteError / maximumMagnitude : .infinity
  }

  /// Energy of the error over that of the reference.
  public var noise: Double {
    if incomparable > 0 { return .infinity }
    return maximumAbsoluteError == 0 ? 0 : Decibels.power(-signalToQuantizationNoise)
  }

  /// Largest error over the largest magnitude, where magnitudes as those of masks do not make everything small.
  var weight: Double {
    if incomparable > 0 { return .infinity }
    return maximumAbsoluteError == 0 ? 0 : maximumAbsoluteError / Swift.min(maximumMagnitude, 1e4)
  }

  /// Whether the error is no more than 32-bit floats round in another order.
  var isRounding: Bool { weight <= 1e-6 }

  fileprivate var errorFigures: JSONValue {
    func finite(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
    return [
      "max_abs": finite(maximumAbsoluteError), "max_rel": finite(largestErrorShare), "min_cosine": finite(minimumCosine),
      "sqnr_db": finite(signalToQuantizationNoise), "incomparable": .integer(Int64(incomparable)),
    ]
  }
}
