import LatheIR
import LatheTensors

extension DTypeDomain {
  /// What the operators that move data took before the 8-bit floats came: numbers, text, truth values, complex numbers.
  static let movable = numeric.union([.string, .bool, .complex64, .complex128])
  /// `movable` with the types that operator sets 19 to 25 added.
  static let movableWithPacked = movable.union([
    .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1, .uint4, .int4, .uint2,
    .int2,
  ])
  /// Signed integers of 8 to 64 bits and the four floats.
  static let signed = floats.union([.int8, .int16, .int32, .int64])
  /// Integers of 32 and 64 bits and the four floats.
  static let wide = floats.union([.int32, .int64, .uint32, .uint64])

  /// The types of this domain that are not in the other.
  func subtracting(_ other: DTypeDomain) -> DTypeDomain { DTypeDomain(types.filter { !other.contains($0) }) }
}
