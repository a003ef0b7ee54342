import LatheDiagnostics
import LatheIR
import LatheTensors

/// x − bias above λ, x + bias below −λ, and 0 between; results of integers truncate toward zero.
public struct Shrink: NumericEvaluable, Elementwise {
  private static let domain = DTypeDomain.numeric.subtracting([.bfloat16])

  public static let schema = OperatorSchema(
    "Shrink", since: 9,
    inputs: [.init("input", "T", domain)],
    outputs: [.init("output", "T", domain)],
    attributes: ["bias": .float, "lambd": .float])

  /// How much nearer to zero the numbers move.
  public var bias: Float
  /// The magnitude λ up to which numbers become 0.
  public var threshold: Float

  public init(bias: Float = 0, threshold: Float = 0.5) {
    self.bias = bias
    self.threshold = threshold
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    bias = try attributes.float("bias", default: 0)
    threshold = try attributes.float("lambd", default: 0.5)
  }

  public func encode(into attributes: inout Attributes) {
    if bias != 0 { attributes.set("bias", bias) }
    if threshold != 0.5 { attributes.set("lambd", threshold) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { [.tensor(try inputs.tensor(0))] }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (bias, threshold) = (Double(bias), Double(threshold))
    return [
      try Broadcasting.map(try inputs.required(0)) { (x: T) in
        let value = x.double
        guard value < -threshold || value > threshold else { return T.zero }
        return bias == 0 ? x : T(double: value < -threshold ? value + bias : value - bias)
      }
    ]
  }
}
