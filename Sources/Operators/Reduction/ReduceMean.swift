import LatheDiagnostics
import LatheIR
import LatheTensors

/// Mean over some axes, or over all of them.
///
/// Floats are summed in double precision and rounded once; means of integers truncate toward zero. The mean of nothing
/// is NaN, and is refused for integers.
public struct ReduceMean: Evaluable {
  public static let schema = OperatorSchema(
    "ReduceMean", since: 18,
    inputs: [.init("data", "T", .wide), .init("axes", "", .int64, .optional)],
    outputs: [.init("reduced", "T", .wide)],
    attributes: ["keepdims": .integer, "noop_with_empty_axes": .integer])

  /// Whether the reduced axes stay with extent 1.
  public var keepsAxes: Bool
  /// Whether no axes mean that nothing is reduced, rather than everything.
  public var skipsWithoutAxes: Bool

  public init(keepsAxes: Bool = true, skipsWithoutAxes: Bool = false) {
    self.keepsAxes = keepsAxes
    self.skipsWithoutAxes = skipsWithoutAxes
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    keepsAxes = try attributes.flag("keepdims", default: true)
    skipsWithoutAxes = try attributes.flag("noop_with_empty_axes", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    if !keepsAxes { attributes.set("keepdims", false) }
    if skipsWithoutAxes { attributes.set("noop_with_empty_axes", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    let axes = try reducedAxes(inputs.optional(1), type.rank)
    guard let shape = type.shape, let axes else {
      return [.tensor(TensorType(type.dtype, keepsAxes ? .unknown(type.rank) : nil))]
    }
    let kept = shape.indices.compactMap { axes.contains($0) ? (keepsAxes ? .known(1) : nil) : shape[$0] }
    return [.tensor(TensorType(type.dtype, kept))]
  }

  /// The axes that are reduced; nil if they cannot be told.
  private func reducedAxes(_ operand: Operand?, _ rank: Int?) throws(Diagnostic) -> [Int]? {
    let given = operand == nil ? [] : try operand?.axes()
    guard let given, let rank else { return nil }
    if given.isEmpty { return skipsWithoutAxes ? [] : Array(0..<rank) }
    return try normalized(axes: given, rank: rank)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let data = try inputs.required(0)
    let shape = try concreteShape(inputs)
    let axes = try reducedAxes(inputs.optional(1).map { Operand($0) }, data.rank) ?? []
    let rows = try data.movedToBack(axes)
    let extent = axes.reduce(1) { $0 * data.shape[$1] }
    switch data.dtype {
    case .float32: return [try means(rows, extent, shape, as: Float.self)]
    case .float64: return [try means(rows, extent, shape, as: Double.self)]
    case .float16: return [try means(rows, extent, shape, as: Float16.self)]
    case .bfloat16: return [try means(rows, extent, shape, as: BFloat16.self)]
    case .int32: return [try integerMeans(rows, extent, shape, as: Int32.self)]
    case .int64: return [try integerMeans(rows, extent, shape, as: Int64.self)]
    case .uint32: return [try integerMeans(rows, extent, shape, as: UInt32.self)]
    case .uint64: return [try integerMeans(rows, extent, shape, as: UInt64.self)]
    default: throw name.unsupported(data.dtype)
    }
  }

  private func means<T: FloatElement>(_ rows: Tensor, _ extent: Int, _ shape: [Int], as type: T.Type) throws(Diagnostic)
    -> Tensor
  {
    try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      rows.withElements(as: T.self) { source in
        for row in target.indices {
          var sum = 0.0
          for index in 0..<extent { sum += source[row * extent + index].wide }
          target[row] = T(double: sum / Double(extent))
        }
      }
    }
  }

  private func integerMeans<T: IntegerElement>(
    _ rows: Tensor, _ extent: Int, _ shape: [Int], as type: T.Type
  ) throws(Diagnostic) -> Tensor {
    try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) throws(Diagnostic) in
      guard extent > 0 || target.isEmpty else {
        throw .invalid("operator/reduce-empty", "the mean of no integers has no value")
      }
      rows.withElements(as: T.self) { source in
        for row in target.indices {
          var sum: Int128 = 0
          for index in 0..<extent { sum += Int128(source[row * extent + index]) }
          target[row] = T(truncatingIfNeeded: sum / Int128(extent))
        }
      }
    }
  }
}

extension Tensor {
  /// The tensor with the given axes moved behind all others, in their order.
  func movedToBack(_ axes: [Int]) throws(Diagnostic) -> Tensor {
    let order = shape.indices.filter { !axes.contains($0) } + axes
    guard order != Array(shape.indices) else { return self }
    return try gathered(by: StridedLayout(contiguous: shape).permuted(order))
  }
}
