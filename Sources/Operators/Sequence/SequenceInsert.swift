import LatheDiagnostics
import LatheIR
import LatheTensors

/// A sequence with one element more: before a position, or at the end; negative positions count from the back.
public struct SequenceInsert: DatumEvaluable, AttributeFree {
  public static let schema = OperatorSchema(
    "SequenceInsert", since: 11,
    inputs: [
      .init("input_sequence", "S", .all), .init("tensor", "T", .all), .init("position", "I", .indices, .optional),
    ],
    outputs: [.init("output_sequence", "S", .all)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    [.sequence(try elementType(try inputs.required(0).sequenceElement(), try inputs.required(1)))]
  }

  public func evaluate(_ inputs: [Datum?], limits: ResourceLimits) throws(Diagnostic) -> [Datum] {
    var (elements, type) = try inputs.required(0).sequence()
    let added = try inputs.required(1)
    let position =
      try inputs.optional(2).map { (datum) throws(Diagnostic) in try datum.integer("position") } ?? elements.count
    elements.insert(added, at: try place(position, in: elements.count, mayBeEnd: true))
    return [.sequence(elements, of: try elementType(type, added.type))]
  }

  private func elementType(_ element: ValueType, _ added: ValueType) throws(Diagnostic) -> ValueType {
    guard let type = element.union(added) else {
      throw .invalid("operator/sequence-element", "\(added) cannot come into a sequence of \(element)")
    }
    return type
  }
}
