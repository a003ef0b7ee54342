import LatheDiagnostics
import LatheIR
import LatheTensors

/// Whether there is an input and, if it is an optional, whether that holds something.
public struct OptionalHasElement: DatumEvaluable, AttributeFree {
  public static let schema = OperatorSchema(
    "OptionalHasElement", since: 28, inputs: [.init("input", "O", .all, .optional)],
    outputs: [.init("output", "B", .bool)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { [.tensor(TensorType(.bool, []))] }

  public func evaluate(_ inputs: [Datum?], limits: ResourceLimits) throws(Diagnostic) -> [Datum] {
    switch inputs.optional(0) {
    case .optional(nil, _), nil: [.tensor(try .scalar(false))]
    default: [.tensor(try .scalar(true))]
    }
  }
}
