import LatheDiagnostics
import LatheIR
import LatheTensors

/// RMSNormalization as ONNX Runtime's optimizer wrote it into the standard domain before ONNX had it, and the reciprocal roots.
public struct SimplifiedLayerNormalization: FloatEvaluable {
  public static let schema = OperatorSchema(
    "SimplifiedLayerNormalization", since: 1,
    inputs: RMSNormalization.schema.inputs,
    outputs: [.init("Y", "V", .floats), .init("inv_std_var", "U", [.float32, .float64], .optional)],
    attributes: RMSNormalization.schema.attributes)

  /// The normalization.
  public var normalization: RMSNormalization

  public init(normalization: RMSNormalization = RMSNormalization()) { self.normalization = normalization }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    normalization = try RMSNormalization(decoding: attributes)
  }

  public func encode(into attributes: inout Attributes) { normalization.encode(into: &attributes) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let result = try normalization.infer(inputs)
    let x = try inputs.tensor(0)
    let statistics: DType = x.dtype == .float64 ? .float64 : .float32
    guard let shape = x.shape else { return result + [.tensor(TensorType(statistics, nil))] }
    let first = try normalized(axis: normalization.axis, rank: shape.count)
    let kept = shape[..<first] + Array(repeating: .known(1), count: shape.count - first)
    return result + [.tensor(TensorType(statistics, Array(kept)))]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let result = try normalization.evaluate(inputs)
    let first = try normalized(axis: normalization.axis, rank: x.rank)
    let kept = x.shape[..<first] + Array(repeating: 1, count: x.rank - first)
    let extent = x.shape[first...].clampedProduct
    let dtype: DType = T.dtype == .float64 ? .float64 : .float32
    guard let rows = x.doubles(), !x.shape.contains(0) else { return result + [try Tensor.zeros(dtype, Array(kept))] }
    let reciprocals = stride(from: 0, to: rows.count, by: extent).map { start in
      let squares = rows[start..<start + extent].reduce(0) { $0 + $1 * $1 } / Double(extent)
      return 1 / (squares + Double(normalization.epsilon)).squareRoot()
    }
    let statistics = try Tensor(reciprocals, shape: Array(kept))
    return result + [try statistics.narrowed(to: dtype)]
  }
}
