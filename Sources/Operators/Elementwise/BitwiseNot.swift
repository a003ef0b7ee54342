import LatheDiagnostics
import LatheIR
import LatheTensors

/// Every bit inverted.
public struct BitwiseNot: IntegerEvaluable, AttributeFree, Broadcast {
  public static let schema = OperatorSchema(
    "BitwiseNot", since: 18,
    inputs: [.init("X", "T", .integers)],
    outputs: [.init("Y", "T", .integers)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { [.tensor(try inputs.tensor(0))] }

  func compute<T: IntegerElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    [try Broadcasting.map(try inputs.required(0)) { (x: T) in ~x }]
  }
}
