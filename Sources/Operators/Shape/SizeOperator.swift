import LatheDiagnostics
import LatheIR
import LatheTensors

/// The number of the input's elements.
public struct SizeOperator: Evaluable, ShapeArithmetic, AttributeFree {
  public static let schema = OperatorSchema(
    "Size", since: 25,
    inputs: [.init("data", "T", .movableWithPacked)],
    outputs: [.init("size", "T1", .int64)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { [.tensor(TensorType(.int64, []))] }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard let shape = inputs.optional(0)?.type.tensor?.shape else { return [nil] }
    return [[shape.product]]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    [try Tensor.scalar(Int64(try inputs.required(0).elementCount))]
  }
}
