/// A Swift type whose memory is one element of a tensor.
public protocol TensorElement: Sendable, BitwiseCopyable, Hashable {
  static var dtype: DType { get }
}

/// An element with ONNX arithmetic: integers wrap, floats follow IEEE 754.
public protocol NumericElement: TensorElement, Comparable {
  static var zero: Self { get }
  static var one: Self { get }
  /// The value as a double; 64-bit integers beyond 2^53 round.
  var double: Double { get }
  /// The value `double` converts to: floats round to nearest even, integers truncate toward zero and saturate, NaN gives 0.
  init(double: Double)
  static func adding(_ a: Self, _ b: Self) -> Self
  static func subtracting(_ a: Self, _ b: Self) -> Self
  static func multiplying(_ a: Self, _ b: Self) -> Self
  /// Quotient; integers truncate toward zero, and division by zero gives 0.
  static func dividing(_ a: Self, _ b: Self) -> Self
}

/// A real floating-point element.
public protocol FloatElement: NumericElement {
  /// The value in the type that transcendental functions compute in; exact.
  var wide: Double { get }
}

extension FloatElement {
  @inlinable public var wide: Double { double }
}

/// An integer element.
public protocol IntegerElement: NumericElement, FixedWidthInteger {}

extension IntegerElement {
  @inlinable public static var one: Self { 1 }
  @inlinable public var double: Double { Double(self) }
  @inlinable public init(double: Double) {
    let truncated = double.rounded(.towardZero)
    if double.isNaN {
      self = 0
    } else if truncated <= Double(Self.min) {
      self = Self.min
    } else if truncated >= Double(Self.max) {
      self = Self.max
    } else {
      self = Self(truncated)
    }
  }
  @inlinable public static func adding(_ a: Self, _ b: Self) -> Self { a &+ b }
  @inlinable public static func subtracting(_ a: Self, _ b: Self) -> Self { a &- b }
  @inlinable public static func multiplying(_ a: Self, _ b: Self) -> Self { a &* b }
  @inlinable public static func dividing(_ a: Self, _ b: Self) -> Self {
    guard b != 0 else { return 0 }
    return a.dividedReportingOverflow(by: b).partialValue
  }
}

extension Int8: IntegerElement { public static var dtype: DType { .int8 } }
extension Int16: IntegerElement { public static var dtype: DType { .int16 } }
extension Int32: IntegerElement { public static var dtype: DType { .int32 } }
extension Int64: IntegerElement { public static var dtype: DType { .int64 } }
extension UInt8: IntegerElement { public static var dtype: DType { .uint8 } }
extension UInt16: IntegerElement { public static var dtype: DType { .uint16 } }
extension UInt32: IntegerElement { public static var dtype: DType { .uint32 } }
extension UInt64: IntegerElement { public static var dtype: DType { .uint64 } }

extension Bool: TensorElement { public static var dtype: DType { .bool } }

extension Float: FloatElement {
  public static var dtype: DType { .float32 }
  @inlinable public static var one: Float { 1 }
  @inlinable public var double: Double { Double(self) }
  @inlinable public init(double: Double) { self.init(double) }
  @inlinable public static func adding(_ a: Float, _ b: Float) -> Float { a + b }
  @inlinable public static func subtracting(_ a: Float, _ b: Float) -> Float { a - b }
  @inlinable public static func multiplying(_ a: Float, _ b: Float) -> Float { a * b }
  @inlinable public static func dividing(_ a: Float, _ b: Float) -> Float { a / b }
}

extension Double: FloatElement {
  public static var dtype: DType { .float64 }
  @inlinable public static var one: Double { 1 }
  @inlinable public var double: Double { self }
  @inlinable public init(double: Double) { self = double }
  @inlinable public static func adding(_ a: Double, _ b: Double) -> Double { a + b }
  @inlinable public static func subtracting(_ a: Double, _ b: Double) -> Double { a - b }
  @inlinable public static func multiplying(_ a: Double, _ b: Double) -> Double { a * b }
  @inlinable public static func dividing(_ a: Double, _ b: Double) -> Double { a / b }
}

extension Float16: FloatElement {
  public static var dtype: DType { .float16 }
  @inlinable public static var one: Float16 { 1 }
  @inlinable public var double: Double { Double(self) }
  @inlinable public init(double: Double) { self.init(double) }
  @inlinable public static func adding(_ a: Float16, _ b: Float16) -> Float16 { a + b }
  @inlinable public static func subtracting(_ a: Float16, _ b: Float16) -> Float16 { a - b }
  @inlinable public static func multiplying(_ a: Float16, _ b: Float16) -> Float16 { a * b }
  @inlinable public static func dividing(_ a: Float16, _ b: Float16) -> Float16 { a / b }
}
