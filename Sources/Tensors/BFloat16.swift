/// Brain floating point: the upper half of a Float's bits (1 sign, 8 exponent, 7 mantissa).
@frozen
public struct BFloat16: FloatElement, BitwiseCopyable {
  public var bitPattern: UInt16

  @inlinable public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// Rounds to nearest, ties to even; NaN stays NaN.
  @inlinable public init(_ value: Float) {
    let bits = value.bitPattern
    guard !value.isNaN else {
      self.bitPattern = UInt16(truncatingIfNeeded: bits >> 16) | 0x0040
      return
    }
    let roundingBias = 0x7FFF &+ ((bits >> 16) & 1)
    self.bitPattern = UInt16(truncatingIfNeeded: (bits &+ roundingBias) >> 16)
  }

  /// The exact value.
  @inlinable public var float: Float { Float(bitPattern: UInt32(bitPattern) << 16) }

  public static var dtype: DType { .bfloat16 }
  @inlinable public static var zero: BFloat16 { BFloat16(bitPattern: 0) }
  @inlinable public static var one: BFloat16 { BFloat16(bitPattern: 0x3F80) }
  @inlinable public var double: Double { Double(float) }
  /// Rounds once: a double that lies between two Floats is first rounded to odd, so that the tie is seen correctly.
  @inlinable public init(double: Double) {
    var nearest = Float(double)
    if nearest.isFinite, Double(nearest) != double, nearest.bitPattern & 1 == 0 {
      let away = Swift.abs(Double(nearest)) < Swift.abs(double)
      nearest = Float(bitPattern: away ? nearest.bitPattern &+ 1 : nearest.bitPattern &- 1)
    }
    self.init(nearest)
  }
  @inlinable public static func < (a: BFloat16, b: BFloat16) -> Bool { a.float < b.float }
  @inlinable public static func == (a: BFloat16, b: BFloat16) -> Bool { a.float == b.float }
  @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(float) }
  @inlinable public static func adding(_ a: BFloat16, _ b: BFloat16) -> BFloat16 { BFloat16(a.float + b.float) }
  @inlinable public static func subtracting(_ a: BFloat16, _ b: BFloat16) -> BFloat16 { BFloat16(a.float - b.float) }
  @inlinable public static func multiplying(_ a: BFloat16, _ b: BFloat16) -> BFloat16 { BFloat16(a.float * b.float) }
  @inlinable public static func dividing(_ a: BFloat16, _ b: BFloat16) -> BFloat16 { BFloat16(a.float / b.float) }
}
