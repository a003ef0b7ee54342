import LatheDiagnostics
import LatheIR
import LatheTensors

/// A sequence without one element: that at a position, or the last; negative positions count from the back.
public struct SequenceErase: DatumEvaluable, AttributeFree {
  public static let schema = OperatorSchema(
    "SequenceErase", since: 11,
    inputs: [.init("input_sequence", "S", .all), .init("position", "I", .indices, .optional)],
    outputs: [.init("output_sequence", "S", .all)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    [.sequence(try inputs.required(0).sequenceElement())]
  }

  public func evaluate(_ inputs: [Datum?], limits: ResourceLimits) throws(Diagnostic) -> [Datum] {
    var (elements, type) = try inputs.required(0).sequence()
    let position = try inputs.optional(1).map { (datum) throws(Diagnostic) in try datum.integer("position") } ?? -1
    elements.remove(at: try place(position, in: elements.count))
    return [.sequence(elements, of: type)]
  }
}
