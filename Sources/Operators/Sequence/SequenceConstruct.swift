import LatheDiagnostics
import LatheIR
import LatheTensors

/// A sequence of the inputs.
public struct SequenceConstruct: DatumEvaluable, AttributeFree {
  public static let schema = OperatorSchema(
    "SequenceConstruct", since: 11,
    inputs: [.init("inputs", "T", .all, .variadic)],
    outputs: [.init("output_sequence", "S", .all)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    [.sequence(try elementType(inputs.compactMap { $0?.type }))]
  }

  public func evaluate(_ inputs: [Datum?], limits: ResourceLimits) throws(Diagnostic) -> [Datum] {
    let elements = inputs.compactMap { $0 }
    return [.sequence(elements, of: try elementType(elements.map(\.type)))]
  }

  private func elementType(_ types: [ValueType]) throws(Diagnostic) -> ValueType {
    guard var result = types.first else {
      throw .invalid("operator/inputs", "SequenceConstruct needs at least one input")
    }
    for type in types.dropFirst() {
      guard let both = result.union(type) else {
        throw .invalid("operator/sequence-element", "\(result) and \(type) cannot be in one sequence")
      }
      result = both
    }
    return result
  }
}
