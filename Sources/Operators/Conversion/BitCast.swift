import LatheDiagnostics
import LatheIR
import LatheTensors

/// The bits of the elements read as another type of the same width.
public struct BitCast: Evaluable {
  private static let types = DTypeDomain.all.subtracting([.string, .float6e2m3, .float6e3m2])

  public static let schema = OperatorSchema(
    "BitCast", since: 26,
    inputs: [.init("input", "T1", types)],
    outputs: [.init("output", "T2", types)],
    attributes: ["to": .integer])

  /// Element type of the result.
  public var target: DType

  public init(to target: DType) { self.target = target }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    target = try Attributes.required("to", try attributes.dtype("to"))
    guard Self.types.contains(target) else {
      throw .invalid("operator/attribute-value", "BitCast does not convert to \(target)")
    }
  }

  public func encode(into attributes: inout Attributes) { attributes.set("to", target) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard type.dtype.bitWidth == target.bitWidth else {
      throw .invalid(
        "operator/bit-width",
        "BitCast cannot read \(type.dtype) as \(target): they have \(type.dtype.bitWidth) and \(target.bitWidth) bits")
    }
    return [.tensor(TensorType(target, type.shape))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    guard input.dtype.bitWidth == target.bitWidth else { throw name.unsupported(input.dtype) }
    return [try input.reinterpreted(as: target)]
  }
}

extension Tensor {
  /// The same bits as elements of another type of the same width.
  func reinterpreted(as dtype: DType) throws(Diagnostic) -> Tensor {
    guard let (storage, offset) = storage else { return self }
    return try Tensor(dtype: dtype, shape: shape, storage: storage, byteOffset: offset)
  }
}
