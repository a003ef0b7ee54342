import LatheDiagnostics
import LatheIR
import LatheTensors

/// A matrix of the input's shape with ones on a diagonal and zeros elsewhere.
public struct EyeLike: Evaluable {
  private static let types = DTypeDomain.numeric.union(.bool)

  public static let schema = OperatorSchema(
    "EyeLike", since: 22,
    inputs: [.init("input", "T1", types)],
    outputs: [.init("output", "T2", types)],
    attributes: ["dtype": .integer, "k": .integer])

  /// Element type of the result; nil for the input's.
  public var dtype: DType?
  /// How many columns the diagonal starts to the right of the first one.
  public var diagonal: Int

  public init(dtype: DType? = nil, diagonal: Int = 0) {
    self.dtype = dtype
    self.diagonal = diagonal
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    dtype = try attributes.dtype("dtype")
    diagonal = try attributes.integer("k", default: 0)
    if let dtype, !Self.types.contains(dtype) {
      throw .invalid("operator/attribute-value", "EyeLike makes no matrices of \(dtype)")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if let dtype { attributes.set("dtype", dtype) }
    if diagonal != 0 { attributes.set("k", diagonal) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    if let rank = type.rank, rank != 2 {
      throw .invalid("operator/rank", "EyeLike takes a matrix, but is given \(type)")
    }
    return [.tensor(TensorType(dtype ?? type.dtype, type.shape ?? .unknown(2)))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let columns = Swift.max(1, input.shape[1])
    // A diagonal outside the matrix, however far, is the same as one just outside it.
    let offset = Swift.min(Swift.max(diagonal, -input.shape[0]), columns)
    let result = try Tensor(numbers: dtype ?? input.dtype, input.shape) { position in
      position % columns - position / columns == offset ? 1 : 0
    }
    return [result]
  }
}
