import LatheDiagnostics
import LatheIR
import LatheTensors

/// The number of elements of a sequence.
public struct SequenceLength: DatumEvaluable, AttributeFree {
  public static let schema = OperatorSchema(
    "SequenceLength", since: 11, inputs: [.init("input_sequence", "S", .all)], outputs: [.init("length", "I", .int64)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    _ = try inputs.required(0).sequenceElement()
    return [.tensor(TensorType(.int64, []))]
  }

  public func evaluate(_ inputs: [Datum?], limits: ResourceLimits) throws(Diagnostic) -> [Datum] {
    [.tensor(try .scalar(Int64(try inputs.required(0).sequence().elements.count)))]
  }
}
