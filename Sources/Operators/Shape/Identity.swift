import LatheDiagnostics
import LatheIR
import LatheTensors

/// The input itself: a tensor, a sequence or an optional.
public struct Identity: Evaluable, DatumEvaluable, ShapeArithmetic, AttributeFree, Broadcast {
  public static let schema = OperatorSchema(
    "Identity", since: 25,
    inputs: [.init("input", "V", .movableWithPacked)],
    outputs: [.init("output", "V", .movableWithPacked)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    guard let operand = inputs.optional(0) else { throw .invalid("operator/inputs", "input 0 is missing") }
    return [operand.type]
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] { [inputs.optional(0)?.followed] }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] { [try inputs.required(0)] }

  public func evaluate(_ inputs: [Datum?], limits: ResourceLimits) throws(Diagnostic) -> [Datum] {
    [try inputs.required(0)]
  }
}
