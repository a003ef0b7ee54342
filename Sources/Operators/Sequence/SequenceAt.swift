import LatheDiagnostics
import LatheIR
import LatheTensors

/// One element of a sequence; negative positions count from the back.
public struct SequenceAt: DatumEvaluable, AttributeFree {
  public static let schema = OperatorSchema(
    "SequenceAt", since: 11,
    inputs: [.init("input_sequence", "S", .all), .init("position", "I", .indices)],
    outputs: [.init("tensor", "T", .all)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    [try inputs.required(0).sequenceElement()]
  }

  public func evaluate(_ inputs: [Datum?], limits: ResourceLimits) throws(Diagnostic) -> [Datum] {
    let (elements, _) = try inputs.required(0).sequence()
    return [elements[try place(try inputs.required(1).integer("position"), in: elements.count)]]
  }
}
