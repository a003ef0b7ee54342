import LatheDiagnostics
import LatheIR
import LatheTensors

/// The negated logarithm of the right class's probability, weighted; the input holds logarithms [n, c, …].
///
/// The mean is taken over the weights of the targets that are not ignored, and is NaN if there are none.
public struct NegativeLogLikelihoodLoss: ClassLoss {
  public static let schema = OperatorSchema(
    "NegativeLogLikelihoodLoss", since: 22,
    inputs: [
      .init("input", "T", .floats), .init("target", "Tind", .indices), .init("weight", "T", .floats, .optional),
    ],
    outputs: [.init("loss", "T", .floats)],
    attributes: ["ignore_index": .integer, "reduction": .string])

  /// What is made of the losses of all samples.
  public var reduction: LossReduction
  /// The target that counts for nothing.
  public var ignoredTarget: Int?

  public init(reduction: LossReduction = .mean, ignoredTarget: Int? = nil) {
    self.reduction = reduction
    self.ignoredTarget = ignoredTarget
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { [try lossType(inputs)] }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let values = try inputs.required(0).elements(as: T.self) ?? []
    return [try loss(inputs, as: T.self) { values[$0].wide }]
  }
}
