import LatheDiagnostics
import LatheIR
import LatheTensors

/// 1 where the number is greater than the threshold, 0 elsewhere.
public struct Binarizer: Classical, NumericEvaluable {
  private static let domain: DTypeDomain = [.float32, .float64, .int32, .int64]

  public static let schema = formal(
    "Binarizer", since: 1,
    inputs: [.init("X", "T", domain)],
    outputs: [.init("Y", "T", domain)],
    attributes: ["threshold": .float])

  /// The largest number that becomes 0.
  public var threshold: Float

  public init(threshold: Float = 0) { self.threshold = threshold }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    threshold = try attributes.float("threshold", default: 0)
  }

  public func encode(into attributes: inout Attributes) {
    if threshold != 0 { attributes.set("threshold", threshold) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { [.tensor(try inputs.tensor(0))] }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let threshold = Double(threshold)
    return [try Broadcasting.map(try inputs.required(0)) { (x: T) in x.double > threshold ? T.one : T.zero }]
  }
}
