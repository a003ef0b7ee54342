import LatheDiagnostics
import LatheIR
import LatheTensors

extension DTypeDomain {
  /// Floats of 8 bits that have a mantissa.
  static let float8: DTypeDomain = [.float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz]
  /// What QuantizeLinear makes.
  static let quantized = float8.union([
    .int8, .uint8, .int16, .uint16, .uint4, .int4, .float4e2m1, .uint2, .int2, .float6e2m3, .float6e3m2,
  ])
  /// The integers of 8 bits.
  static let bytes: DTypeDomain = [.int8, .uint8]
}

/// How numbers become elements of a quantized type.
struct QuantizedCoding {
  let dtype: DType
  private let format: MinifloatFormat?
  private let saturates: Bool
  private let low: Double
  private let high: Double

  init(_ dtype: DType, saturates: Bool = true) {
    self.dtype = dtype
    self.saturates = saturates
    format = MinifloatFormat(dtype)
    let bits = dtype.bitWidth
    low = dtype.isUnsignedInteger ? 0 : -Double(1 << (bits - 1))
    high = Double((1 << (dtype.isUnsignedInteger ? bits : bits - 1)) - 1)
  }

  /// The bits of round(`quotient`) + `zeroPoint`, clamped; minifloats are rounded after the sum. NaN counts as 0 in
  /// integers.
  @inline(__always)
  func bits(_ quotient: Double, _ zeroPoint: Double) -> UInt16 {
    guard let format else {
      let rounded = quotient.isNaN ? zeroPoint : quotient.rounded(.toNearestOrEven) + zeroPoint
      return UInt16(truncatingIfNeeded: Int(Swift.min(Swift.max(rounded, low), high)))
    }
    let sum = Float(quotient + zeroPoint)
    // Types of under 8 bits have no NaN; −0 stands for it, as in Cast.
    if sum.isNaN, dtype.isPacked { return 1 << UInt16(dtype.bitWidth - 1) }
    return UInt16(format.encode(sum, saturate: saturates))
  }

  /// A tensor of the elements whose bits `fill` writes, one in each number.
  func tensor(shape: [Int], fill: (UnsafeMutableBufferPointer<UInt16>) -> Void) throws(Diagnostic) -> Tensor {
    let count = try Tensor.elementCount(of: shape)
    if dtype.bitWidth == 16 { return try Tensor(dtype: dtype, shape: shape) { fill($0.bindMemory(to: UInt16.self)) } }
    let scratch = try Tensor(of: UInt16.self, shape: [count]) { fill($0) }
    return try scratch.withElements(as: UInt16.self) { (bits) throws(Diagnostic) in
      if dtype.isPacked {
        let packed = PackedElements.pack(bits.map { UInt8(truncatingIfNeeded: $0) }, bitWidth: dtype.bitWidth)
        return try Tensor(dtype: dtype, shape: shape) { $0.copyBytes(from: packed) }
      }
      return try Tensor(dtype: dtype, shape: shape) { target in
        for index in 0..<count { target[index] = UInt8(truncatingIfNeeded: bits[index]) }
      }
    }
  }
}

/// The precision of a division or product: a float type that each result is rounded to.
enum FloatPrecision {
  case half, brain, single, double

  /// The type's precision; scales that are no floats of 16 bits or more are divided by in `Float`, integers in `Double`.
  init(of dtype: DType) {
    switch dtype {
    case .float16: self = .half
    case .bfloat16: self = .brain
    case .float64, .int32: self = .double
    default: self = .single
    }
  }

  @inline(__always)
  func rounded(_ x: Double) -> Double {
    switch self {
    case .half: Double(Float16(x))
    case .brain: BFloat16(double: x).double
    case .single: Double(Float(x))
    case .double: x
    }
  }
}
