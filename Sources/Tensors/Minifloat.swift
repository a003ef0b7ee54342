/// Layout of a floating-point type of at most 8 bits, with its conversions.
///
/// Sources: "FP8 Formats for Deep Learning" (Micikevicius et al., 2022) for e4m3fn and e5m2, "8-bit Numerical Formats for Deep
/// Neural Networks" (Noune et al., 2022) for the fnuz forms, and the OCP Microscaling specification 1.0 for e8m0, e2m3, e3m2 and e2m1.
public struct MinifloatFormat: Sendable, Hashable {
  /// What the codes at the top of the range mean.
  enum Specials: Sendable { case ieee, finiteWithNaN, unsignedZero, exponentOnly, finiteOnly }

  let exponentBits: Int
  let mantissaBits: Int
  let bias: Int
  let specials: Specials

  /// The format of `dtype`, if it is a minifloat.
  public init?(_ dtype: DType) {
    switch dtype {
    case .float8e4m3fn: (exponentBits, mantissaBits, bias, specials) = (4, 3, 7, .finiteWithNaN)
    case .float8e4m3fnuz: (exponentBits, mantissaBits, bias, specials) = (4, 3, 8, .unsignedZero)
    case .float8e5m2: (exponentBits, mantissaBits, bias, specials) = (5, 2, 15, .ieee)
    case .float8e5m2fnuz: (exponentBits, mantissaBits, bias, specials) = (5, 2, 16, .unsignedZero)
    case .float8e8m0: (exponentBits, mantissaBits, bias, specials) = (8, 0, 127, .exponentOnly)
    case .float6e2m3: (exponentBits, mantissaBits, bias, specials) = (2, 3, 1, .finiteOnly)
    case .float6e3m2: (exponentBits, mantissaBits, bias, specials) = (3, 2, 3, .finiteOnly)
    case .float4e2m1: (exponentBits, mantissaBits, bias, specials) = (2, 1, 1, .finiteOnly)
    default: return nil
    }
  }

  private var signShift: Int { exponentBits + mantissaBits }
  private var magnitudeMask: Int { (1 << signShift) - 1 }

  /// The exact value of a code (its low bits).
  public func decode(_ code: UInt8) -> Float {
    if specials == .exponentOnly {
      return code == 0xFF ? .nan : Float(sign: .plus, exponent: Int(code) - bias, significand: 1)
    }
    let magnitude = Int(code) & magnitudeMask
    let negative = (Int(code) >> signShift) & 1 == 1
    if specials == .unsignedZero, negative, magnitude == 0 { return .nan }
    if specials == .finiteWithNaN, magnitude == magnitudeMask { return .nan }
    let exponent = magnitude >> mantissaBits
    let mantissa = magnitude & ((1 << mantissaBits) - 1)
    if specials == .ieee, exponent == (1 << exponentBits) - 1 {
      return mantissa == 0 ? (negative ? -.infinity : .infinity) : .nan
    }
    let fraction = Float(mantissa) / Float(1 << mantissaBits)
    let value =
      exponent == 0
      ? Float(sign: .plus, exponent: 1 - bias, significand: 1) * fraction
      : Float(sign: .plus, exponent: exponent - bias, significand: 1 + fraction)
    return negative ? -value : value
  }

  /// Largest finite magnitude's code.
  private var largest: Int {
    switch specials {
    case .ieee: ((1 << exponentBits) - 1) << mantissaBits - 1
    case .finiteWithNaN: magnitudeMask - 1
    case .exponentOnly: 0xFE
    case .unsignedZero, .finiteOnly: magnitudeMask
    }
  }

  /// Code for NaN, where the format has one.
  private var notANumber: UInt8? {
    switch specials {
    case .ieee, .finiteWithNaN: UInt8(magnitudeMask)
    case .unsignedZero: UInt8(1 << signShift)
    case .exponentOnly: 0xFF
    case .finiteOnly: nil
    }
  }

  /// The code nearest to `value`, ties to even.
  ///
  /// With `saturate`, magnitudes beyond the largest finite one (infinity included) become it; without, they become infinity or
  /// NaN where the format has them. Formats with neither always saturate, and take NaN as the largest positive value.
  /// A negative value, or zero, has no code in e8m0 and becomes its smallest power of two.
  public func encode(_ value: Float, saturate: Bool = true) -> UInt8 {
    if value.isNaN { return notANumber ?? UInt8(largest) }
    if specials == .exponentOnly { return encodeExponent(value, saturate: saturate) }
    let sign = value.sign == .minus ? 1 << signShift : 0
    let magnitude = nearestMagnitude(Swift.abs(value))
    if magnitude > largest { return overflow(sign: sign, saturate: saturate, infinite: value.isInfinite) }
    if specials == .unsignedZero, magnitude == 0 { return 0 }
    return UInt8(sign | magnitude)
  }

  private func encodeExponent(_ value: Float, saturate: Bool) -> UInt8 {
    guard value > 0 else { return 0 }
    guard value.isFinite else { return saturate ? 0xFE : 0xFF }
    let exponent = Int(value.exponent) + (value.significand >= 1.5 ? 1 : 0) + bias
    if exponent > 0xFE { return saturate ? 0xFE : 0xFF }
    return UInt8(Swift.max(0, exponent))
  }

  private func overflow(sign: Int, saturate: Bool, infinite: Bool) -> UInt8 {
    if saturate || specials == .finiteOnly { return UInt8(sign | largest) }
    if specials == .ieee { return UInt8(sign | (largest + 1)) }
    if specials == .finiteWithNaN { return UInt8(sign | magnitudeMask) }
    return notANumber ?? UInt8(sign | largest)
  }

  /// Magnitude code by rounding in units of the target's last place; may exceed `largest`.
  private func nearestMagnitude(_ value: Float) -> Int {
    guard value.isFinite else { return magnitudeMask + 1 }
    guard value > 0 else { return 0 }
    let exponent = Swift.max(Int(value.exponent), 1 - bias)
    let unit = Double(sign: .plus, exponent: exponent - mantissaBits, significand: 1)
    let steps = Int((Double(value) / unit).rounded(.toNearestOrEven))
    return Swift.min(((exponent + bias - 1) << mantissaBits) + steps, magnitudeMask + 1)
  }
}
