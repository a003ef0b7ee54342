import LatheDiagnostics
import LatheIR
import LatheTensors

/// The leaves that decision trees lead the rows of a matrix [n, features] to, aggregated for each target.
///
/// Everything is computed in double precision and rounded once. Targets that no leaf contributes to are 0.
public struct TreeEnsemble: Classical, FloatEvaluable {
  /// How the leaves of one target become one number; the raw value is ONNX's.
  public enum Aggregation: Int, Sendable, Hashable {
    case average, sum, minimum, maximum
  }

  private static let domain: DTypeDomain = [.float16, .float32, .float64]

  public static let schema = formal(
    "TreeEnsemble", since: 5,
    inputs: [.init("X", "T", domain)],
    outputs: [.init("Y", "T", domain)],
    attributes: [
      "aggregate_function": .integer, "leaf_targetids": .integers, "leaf_weights": .tensor,
      "membership_values": .tensor, "n_targets": .integer, "nodes_falseleafs": .integers,
      "nodes_falsenodeids": .integers, "nodes_featureids": .integers, "nodes_hitrates": .tensor,
      "nodes_missing_value_tracks_true": .integers, "nodes_modes": .tensor, "nodes_splits": .tensor,
      "nodes_trueleafs": .integers, "nodes_truenodeids": .integers, "post_transform": .integer, "tree_roots": .integers,
    ])

  /// How the leaves of one target become one number.
  public let aggregation: Aggregation
  /// What the targets of a row become in the end.
  public let transform: ScoreTransform
  /// Columns of the result.
  public let targetCount: Int
  /// The trees.
  let forest: DecisionForest
  /// The attributes as they were given.
  private let source: Attributes

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    func known<E: RawRepresentable>(_ name: String, _ fallback: E) throws(Diagnostic) -> E where E.RawValue == Int {
      guard let number = try attributes.integer(name) else { return fallback }
      guard let value = E(rawValue: number) else {
        throw .invalid("operator/attribute-value", "\(name) = \(number) is none that TreeEnsemble has")
      }
      return value
    }
    aggregation = try known("aggregate_function", .sum)
    transform = try known("post_transform", .none)
    forest = try DecisionForest(attributes)
    let needed = (forest.leaves.map(\.target).max() ?? 0) + 1
    targetCount = try attributes.integer("n_targets", default: needed)
    guard targetCount >= needed else {
      throw .invalid(
        "operator/tree-ensemble", "a leaf contributes to target \(needed - 1), but there are \(targetCount)")
    }
    source = attributes
  }

  public func encode(into attributes: inout Attributes) {
    for name in Self.schema.attributes.keys.sorted() {
      if let value = source[name] { attributes[name] = value }
    }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard let shape = type.shape else { return [.tensor(TensorType(type.dtype, [.unknown, .known(targetCount)]))] }
    guard shape.count == 2, shape[1].known.map({ $0 > forest.largestFeature }) ?? true else {
      throw .invalid(
        "operator/tree-ensemble",
        "TreeEnsemble needs a matrix with more than \(forest.largestFeature) columns, not \(type)")
    }
    return [.tensor(TensorType(type.dtype, [shape[0], .known(targetCount)]))]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let (rows, features, targets) = (x.shape[0], x.shape[1], targetCount)
    let shape = try concreteShape(inputs)
    let result = try Tensor(of: T.self, shape: shape) { (output: UnsafeMutableBufferPointer<T>) in
      x.withElements(as: T.self) { source in
        for row in 0..<rows {
          var scores = [Double?](repeating: nil, count: targets)
          for root in forest.roots {
            let leaf = forest.leaf(from: root) { source[row * features + $0].wide }
            scores[leaf.target] = scores[leaf.target].map { combined($0, leaf.weight) } ?? leaf.weight
          }
          let scale = aggregation == .average ? Double(forest.roots.count) : 1
          let final = transform.applied(to: scores.map { ($0 ?? 0) / scale })
          for target in 0..<targets { output[row * targets + target] = T(double: final[target]) }
        }
      }
    }
    return [result]
  }

  private func combined(_ a: Double, _ b: Double) -> Double {
    switch aggregation {
    case .average, .sum: a + b
    case .minimum: Swift.min(a, b)
    case .maximum: Swift.max(a, b)
    }
  }
}
