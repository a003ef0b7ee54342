import LatheTensors

/// A set of element types that an operand may have.
public struct DTypeDomain: Sendable, Hashable, ExpressibleByArrayLiteral {
  private var bits: UInt32 = 0

  public init(arrayLiteral elements: DType...) { self.init(elements) }

  public init(_ types: some Sequence<DType>) {
    for type in types { bits |= 1 << UInt32(type.rawValue) }
  }

  public func contains(_ type: DType) -> Bool { bits & (1 << UInt32(type.rawValue)) != 0 }

  /// The types, in ONNX's order.
  public var types: [DType] { DType.allCases.filter(contains) }

  public func union(_ other: DTypeDomain) -> DTypeDomain {
    var result = self
    result.bits |= other.bits
    return result
  }

  /// Every element type.
  public static let all = DTypeDomain(DType.allCases)
  /// f16, bf16, f32, f64.
  public static let floats: DTypeDomain = [.float16, .bfloat16, .float32, .float64]
  /// The eight integers of 8 to 64 bits.
  public static let integers: DTypeDomain = [.int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64]
  /// Integers of 8 to 64 bits and floats of 16 to 64.
  public static let numeric = floats.union(integers)
  /// i32 and i64, the types of indices.
  public static let indices: DTypeDomain = [.int32, .int64]
  public static let bool: DTypeDomain = [.bool]
  public static let int64: DTypeDomain = [.int64]
}
