import LatheDiagnostics
import LatheIR
import LatheTensors

/// Strings joined in pairs, with broadcasting.
public struct StringConcat: Evaluable, AttributeFree {
  public static let schema = OperatorSchema(
    "StringConcat", since: 20,
    inputs: [.init("X", "T", [.string]), .init("Y", "T", [.string])],
    outputs: [.init("Z", "T", [.string])])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    [.tensor(TensorType(.string, try Broadcasting.shape(of: try inputs.tensors())))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let shape = try concreteShape(inputs)
    let (x, y) = (try inputs.required(0).broadcast(to: shape), try inputs.required(1).broadcast(to: shape))
    return [try Tensor(strings: zip(x.strings ?? [], y.strings ?? []).map { $0 + $1 }, shape: shape)]
  }
}
