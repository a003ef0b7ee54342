import LatheDiagnostics
import LatheIR
import LatheTensors

/// A loss of classes in the second axis against the index of the right one, with class weights and an index to ignore.
protocol ClassLoss: FloatEvaluable {
  var reduction: LossReduction { get }
  /// The target that counts for nothing.
  var ignoredTarget: Int? { get }

  init(reduction: LossReduction, ignoredTarget: Int?)
}

/// What is made of the losses of all samples.
public enum LossReduction: String, Sendable, Hashable, CaseIterable {
  /// They are given one by one.
  case none
  case sum
  /// The weighted mean.
  case mean
}

extension ClassLoss {
  public init(decoding attributes: Attributes) throws(Diagnostic) {
    self.init(
      reduction: try attributes.choice("reduction", default: .mean),
      ignoredTarget: try attributes.integer("ignore_index"))
  }

  public func encode(into attributes: inout Attributes) {
    if reduction != .mean { attributes.set("reduction", reduction.rawValue) }
    if let ignoredTarget { attributes.set("ignore_index", ignoredTarget) }
  }

  /// The type of the loss; checks that scores [n, c, …], targets [n, …] and weights [c] fit.
  func lossType(_ inputs: [Operand?]) throws(Diagnostic) -> ValueType {
    let (scores, targets) = (try inputs.tensor(0), try inputs.tensor(1))
    let weights = try inputs.optional(2)?.tensor()
    func mismatch() -> Diagnostic {
      let list = [scores, targets, weights].compactMap { $0?.description }.joined(separator: ", ")
      return .invalid(
        "operator/loss-shape", "\(name) needs scores [n, c, …], targets [n, …] and weights [c], but is given \(list)")
    }
    if let weights = weights?.shape {
      guard weights.count == 1 else { throw mismatch() }
      if let shape = scores.shape, shape.count >= 2, shape[1].isProvablyDifferent(from: weights[0]) { throw mismatch() }
    }
    var samples = targets.shape
    if let shape = scores.shape {
      guard shape.count >= 2 else { throw mismatch() }
      let rest = [shape[0]] + shape[2...]
      if let own = samples {
        guard own.count == rest.count, !zip(own, rest).contains(where: { $0.isProvablyDifferent(from: $1) }) else {
          throw mismatch()
        }
        samples = zip(own, rest).map { $0.known != nil || $1 == .unknown ? $0 : $1 }
      } else {
        samples = rest
      }
    }
    return .tensor(TensorType(scores.dtype, reduction == .none ? samples : []))
  }

  /// The loss, where `logarithm` tells the logarithm of a probability by its position among the scores.
  func loss<T: FloatElement>(
    _ inputs: [Tensor?], as type: T.Type, _ logarithm: (Int) -> Double
  ) throws(Diagnostic) -> Tensor {
    let (scores, targets) = try inputs.pair()
    let weights = inputs.optional(2)?.doubles()
    guard let indices = targets.integers() else { throw name.unsupported(targets.dtype) }
    let (classes, inner) = (scores.shape[1], scores.shape[2...].reduce(1, *))
    var losses = [Double](repeating: 0, count: indices.count)
    var total = 0.0
    for (sample, target) in indices.enumerated() where target != ignoredTarget {
      guard target >= 0, target < classes else {
        throw .invalid("operator/index", "\(name) is given the target \(target), but there are \(classes) classes")
      }
      let weight = weights?[target] ?? 1
      let position = (sample / inner * classes + target) * inner + sample % inner
      losses[sample] = -logarithm(position) * weight
      total += weight
    }
    switch reduction {
    case .none: return try Tensor(losses.map { T(double: $0) }, shape: targets.shape)
    case .sum: return try Tensor.scalar(T(double: losses.reduce(0, +)))
    case .mean: return try Tensor.scalar(T(double: losses.reduce(0, +) / total))
    }
  }
}
