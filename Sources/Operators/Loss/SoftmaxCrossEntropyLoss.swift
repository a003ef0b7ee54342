import LatheDiagnostics
import LatheIR
import LatheTensors

/// The negated logarithm of the right class's probability, weighted, and the logarithms of all; probabilities are the
/// softmax of the scores [n, c, …] over the second axis.
///
/// The mean is taken over the weights of the targets that are not ignored, and is NaN if there are none.
public struct SoftmaxCrossEntropyLoss: ClassLoss {
  public static let schema = OperatorSchema(
    "SoftmaxCrossEntropyLoss", since: 13,
    inputs: [
      .init("scores", "T", .floats), .init("labels", "Tind", .indices), .init("weights", "T", .floats, .optional),
    ],
    outputs: [.init("output", "T", .floats), .init("log_prob", "T", .floats, .optional)],
    attributes: ["ignore_index": .integer, "reduction": .string])

  /// What is made of the losses of all samples.
  public var reduction: LossReduction
  /// The target that counts for nothing.
  public var ignoredTarget: Int?

  public init(reduction: LossReduction = .mean, ignoredTarget: Int? = nil) {
    self.reduction = reduction
    self.ignoredTarget = ignoredTarget
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    [try lossType(inputs), .tensor(try inputs.tensor(0))]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let scores = try Broadcasting.map(try inputs.required(0)) { (x: T) in x.wide }
    let logarithms = try LogSoftmax(axis: 1).evaluate([scores])[0]
    let values = logarithms.elements(as: Double.self) ?? []
    return [
      try loss(inputs, as: T.self) { values[$0] }, try Broadcasting.map(logarithms) { (x: Double) in T(double: x) },
    ]
  }
}
