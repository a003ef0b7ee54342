import LatheDiagnostics
import LatheIR
import LatheTensors

/// A sequence without elements.
public struct SequenceEmpty: DatumEvaluable {
  public static let schema = OperatorSchema(
    "SequenceEmpty", since: 11, inputs: [], outputs: [.init("output", "S", .all)], attributes: ["dtype": .integer])

  /// Element type of the tensors that may come into it.
  public var dtype: DType

  public init(dtype: DType = .float32) { self.dtype = dtype }

  public init(decoding attributes: Attributes) throws(Diagnostic) { dtype = try attributes.dtype("dtype") ?? .float32 }

  public func encode(into attributes: inout Attributes) {
    if dtype != .float32 { attributes.set("dtype", dtype) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    [.sequence(.tensor(TensorType(dtype, nil)))]
  }

  public func evaluate(_ inputs: [Datum?], limits: ResourceLimits) throws(Diagnostic) -> [Datum] {
    [.sequence([], of: .tensor(TensorType(dtype, nil)))]
  }
}
