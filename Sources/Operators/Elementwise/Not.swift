import LatheDiagnostics
import LatheIR
import LatheTensors

/// The opposite, element by element.
public struct Not: Evaluable, AttributeFree, Elementwise {
  public static let schema = OperatorSchema(
    "Not", since: 1,
    inputs: [.init("X", "T", .bool)],
    outputs: [.init("Y", "T", .bool)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { [.tensor(try inputs.tensor(0))] }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    [try Broadcasting.map(try inputs.required(0)) { (x: Bool) in !x }]
  }
}
