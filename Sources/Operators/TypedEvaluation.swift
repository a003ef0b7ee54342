import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator whose meaning is written once for all numbers: the eight integers and the four floats.
///
/// Every case below is a call with a concrete type, so that the compiler makes a specialized copy of `compute` for it.
protocol NumericEvaluable: Evaluable {
  /// The outputs, where the first input has elements of type `T`.
  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor]
}

extension NumericEvaluable {
  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] { try evaluateNumeric(inputs) }

  /// What `evaluate` does unless an operator covers further types itself.
  func evaluateNumeric(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let dtype = try inputs.required(0).dtype
    switch dtype {
    case .float32: return try compute(inputs, as: Float.self)
    case .float64: return try compute(inputs, as: Double.self)
    case .float16: return try compute(inputs, as: Float16.self)
    case .bfloat16: return try compute(inputs, as: BFloat16.self)
    case .int8: return try compute(inputs, as: Int8.self)
    case .int16: return try compute(inputs, as: Int16.self)
    case .int32: return try compute(inputs, as: Int32.self)
    case .int64: return try compute(inputs, as: Int64.self)
    case .uint8: return try compute(inputs, as: UInt8.self)
    case .uint16: return try compute(inputs, as: UInt16.self)
    case .uint32: return try compute(inputs, as: UInt32.self)
    case .uint64: return try compute(inputs, as: UInt64.self)
    default: throw name.unsupported(dtype)
    }
  }
}

/// An operator whose meaning is written once for the four floats.
protocol FloatEvaluable: Evaluable {
  /// The outputs, where the first input has elements of type `T`.
  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor]
}

extension FloatEvaluable {
  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let dtype = try inputs.required(0).dtype
    switch dtype {
    case .float32: return try compute(inputs, as: Float.self)
    case .float64: return try compute(inputs, as: Double.self)
    case .float16: return try compute(inputs, as: Float16.self)
    case .bfloat16: return try compute(inputs, as: BFloat16.self)
    default: throw name.unsupported(dtype)
    }
  }
}

/// An operator whose meaning is written once for the eight integers.
protocol IntegerEvaluable: Evaluable {
  /// The outputs, where the first input has elements of type `T`.
  func compute<T: IntegerElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor]
}

extension IntegerEvaluable {
  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let dtype = try inputs.required(0).dtype
    switch dtype {
    case .int8: return try compute(inputs, as: Int8.self)
    case .int16: return try compute(inputs, as: Int16.self)
    case .int32: return try compute(inputs, as: Int32.self)
    case .int64: return try compute(inputs, as: Int64.self)
    case .uint8: return try compute(inputs, as: UInt8.self)
    case .uint16: return try compute(inputs, as: UInt16.self)
    case .uint32: return try compute(inputs, as: UInt32.self)
    case .uint64: return try compute(inputs, as: UInt64.self)
    default: throw name.unsupported(dtype)
    }
  }
}

/// An operator without attributes.
protocol AttributeFree: Operator {
  init()
}

extension AttributeFree {
  public init(decoding attributes: Attributes) throws(Diagnostic) { self.init() }

  public func encode(into attributes: inout Attributes) {}
}
