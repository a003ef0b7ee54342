import LatheDiagnostics
import LatheIR
import LatheTensors

/// Elements of the last axis picked by index; a vector counts as a matrix of one row.
public struct ArrayFeatureExtractor: Classical, AttributeFree {
  private static let domain: DTypeDomain = [.float32, .float64, .int32, .int64, .string]

  public static let schema = formal(
    "ArrayFeatureExtractor", since: 1,
    inputs: [.init("X", "T", domain), .init("Y", "", .int64)],
    outputs: [.init("Z", "T", domain)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (x, picked) = (try inputs.tensor(0), try inputs.tensor(1))
    guard var shape = x.shape else { return [.tensor(x)] }
    guard !shape.isEmpty else { throw .invalid("operator/rank", "\(name) takes no scalars, but is given \(x)") }
    if shape.count == 1 { shape.insert(1, at: 0) }
    shape[shape.count - 1] = picked.shape?.product ?? .unknown
    return [.tensor(TensorType(x.dtype, shape))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (x, picked) = try inputs.pair()
    let shape = try concreteShape(inputs)
    let (extent, rows) = (x.shape[x.rank - 1], x.shape.dropLast().reduce(1, *))
    guard let positions = picked.integers() else { throw name.unsupported(picked.dtype) }
    if let outside = positions.first(where: { $0 < 0 || $0 >= extent }) {
      throw .invalid("operator/index", "\(name) looks up \(outside) on an axis of extent \(extent)")
    }
    return [
      try Tensor(dtype: x.dtype, shape: shape, copying: [x]) { emit in
        for row in 0..<(positions.isEmpty ? 0 : rows) {
          for position in positions { emit(ElementRun(source: 0, start: row * extent + position, count: 1)) }
        }
      }
    ]
  }
}
