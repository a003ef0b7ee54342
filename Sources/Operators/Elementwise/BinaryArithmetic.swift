import LatheDiagnostics
import LatheIR
import LatheTensors

/// A binary operator without attributes whose result has the type of its operands, with multidirectional broadcasting.
protocol BinaryArithmetic: Evaluable, ShapeArithmetic {
  init()
  /// The result for one pair of elements.
  static func apply<T: NumericElement>(_ a: T, _ b: T) -> T
  /// The result for two dimensions; unknown where it cannot be told.
  static func apply(_ a: Dimension, _ b: Dimension) -> Dimension
}

extension BinaryArithmetic {
  public init(decoding attributes: Attributes) throws(Diagnostic) { self.init() }

  public func encode(into attributes: inout Attributes) {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let types = try inputs.tensors()
    return [.tensor(TensorType(types[0].dtype, try Broadcasting.shape(of: types)))]
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard inputs.count == 2, let a = inputs[0]?.elements, let b = inputs[1]?.elements,
      a.count == b.count || a.count == 1 || b.count == 1
    else { return [nil] }
    let count = Swift.max(a.count, b.count)
    return [(0..<count).map { Self.apply(a[a.count == 1 ? 0 : $0], b[b.count == 1 ? 0 : $0]) }]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (a, b) = try inputs.pair()
    switch a.dtype {
    case .float32: return try [Broadcasting.map(a, b) { (x: Float, y: Float) in Self.apply(x, y) }]
    case .float64: return try [Broadcasting.map(a, b) { (x: Double, y: Double) in Self.apply(x, y) }]
    case .float16: return try [Broadcasting.map(a, b) { (x: Float16, y: Float16) in Self.apply(x, y) }]
    case .bfloat16: return try [Broadcasting.map(a, b) { (x: BFloat16, y: BFloat16) in Self.apply(x, y) }]
    case .int8: return try [Broadcasting.map(a, b) { (x: Int8, y: Int8) in Self.apply(x, y) }]
    case .int16: return try [Broadcasting.map(a, b) { (x: Int16, y: Int16) in Self.apply(x, y) }]
    case .int32: return try [Broadcasting.map(a, b) { (x: Int32, y: Int32) in Self.apply(x, y) }]
    case .int64: return try [Broadcasting.map(a, b) { (x: Int64, y: Int64) in Self.apply(x, y) }]
    case .uint8: return try [Broadcasting.map(a, b) { (x: UInt8, y: UInt8) in Self.apply(x, y) }]
    case .uint16: return try [Broadcasting.map(a, b) { (x: UInt16, y: UInt16) in Self.apply(x, y) }]
    case .uint32: return try [Broadcasting.map(a, b) { (x: UInt32, y: UInt32) in Self.apply(x, y) }]
    case .uint64: return try [Broadcasting.map(a, b) { (x: UInt64, y: UInt64) in Self.apply(x, y) }]
    default: throw name.unsupported(a.dtype)
    }
  }
}
