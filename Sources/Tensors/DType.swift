/// Element type of a tensor: every type of ONNX's newest release.
///
/// The raw value is ONNX's number for the type (`TensorProto.DataType`); `.lathe` files use the same numbers.
public enum DType: UInt8, Sendable, Hashable, CaseIterable {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case string = 8
  case bool = 9
  case float16 = 10
  case float64 = 11
  case uint32 = 12
  case uint64 = 13
  case complex64 = 14
  case complex128 = 15
  case bfloat16 = 16
  case float8e4m3fn = 17
  case float8e4m3fnuz = 18
  case float8e5m2 = 19
  case float8e5m2fnuz = 20
  case uint4 = 21
  case int4 = 22
  case float4e2m1 = 23
  case float8e8m0 = 24
  case uint2 = 25
  case int2 = 26
  case float6e2m3 = 27
  case float6e3m2 = 28

  /// Bits that one element takes in memory and in files; elements of under 8 bits are packed. Zero for strings.
  public var bitWidth: Int {
    switch self {
    case .string: 0
    case .uint2, .int2: 2
    case .uint4, .int4, .float4e2m1: 4
    case .float6e2m3, .float6e3m2: 6
    case .uint8, .int8, .bool, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: 8
    case .uint16, .int16, .float16, .bfloat16: 16
    case .float32, .uint32, .int32: 32
    case .float64, .uint64, .int64, .complex64: 64
    case .complex128: 128
    }
  }

  /// Bytes that `count` elements take: packed types round up to a whole byte; nil where the product overflows.
  public func byteCount(of count: Int) -> Int? {
    let (bits, overflow) = count.multipliedReportingOverflow(by: bitWidth)
    guard !overflow, bits >= 0, bits <= Int.max - 7 else { return nil }
    return (bits + 7) / 8
  }

  /// Alignment in bytes that reading elements in place needs.
  public var alignment: Int { Swift.max(1, bitWidth / 8) }

  /// Whether several elements share a byte.
  public var isPacked: Bool { bitWidth > 0 && bitWidth < 8 }

  /// Whether the type is a signed or unsigned integer, packed ones included.
  public var isInteger: Bool {
    switch self {
    case .int2, .int4, .int8, .int16, .int32, .int64: true
    default: isUnsignedInteger
    }
  }

  /// Whether the type is an unsigned integer.
  public var isUnsignedInteger: Bool {
    switch self {
    case .uint2, .uint4, .uint8, .uint16, .uint32, .uint64: true
    default: false
    }
  }

  /// Whether the type is a real floating-point number of 16 bits or more.
  public var isFloat: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }

  /// Whether the type is a floating-point number of at most 8 bits, which has no arithmetic of its own.
  public var isMinifloat: Bool { MinifloatFormat(self) != nil }

  /// Name in the text form, in messages and in JSON: `f32`, `i64`, `bf16`, `f8e4m3fn`.
  public var name: String {
    switch self {
    case .float32: "f32"
    case .float64: "f64"
    case .float16: "f16"
    case .bfloat16: "bf16"
    case .float8e4m3fn: "f8e4m3fn"
    case .float8e4m3fnuz: "f8e4m3fnuz"
    case .float8e5m2: "f8e5m2"
    case .float8e5m2fnuz: "f8e5m2fnuz"
    case .float8e8m0: "f8e8m0"
    case .float6e2m3: "f6e2m3"
    case .float6e3m2: "f6e3m2"
    case .float4e2m1: "f4e2m1"
    case .int64: "i64"
    case .int32: "i32"
    case .int16: "i16"
    case .int8: "i8"
    case .int4: "i4"
    case .int2: "i2"
    case .uint64: "u64"
    case .uint32: "u32"
    case .uint16: "u16"
    case .uint8: "u8"
    case .uint4: "u4"
    case .uint2: "u2"
    case .bool: "bool"
    case .string: "str"
    case .complex64: "c64"
    case .complex128: "c128"
    }
  }

  /// The type with the given `name`.
  public init?(name: String) {
    guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = found
  }
}

extension DType: CustomStringConvertible {
  public var description: String { name }
}
