internal import Foundation
import LatheDiagnostics

extension Tensor {
  /// The raw little-endian contents; empty for strings.
  public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    guard case .bytes(let storage, let offset) = contents else {
      return try body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeRawBufferPointer(rebasing: storage.bytes[offset..<offset + byteCount]))
  }

  /// The elements in place.
  ///
  /// - Precondition: `T.dtype == dtype`; callers have dispatched on the type already.
  @inlinable
  public func withElements<T: TensorElement, R, E: Error>(
    as type: T.Type, _ body: (UnsafeBufferPointer<T>) throws(E) -> R
  ) throws(E) -> R {
    precondition(T.dtype == dtype, "a tensor of one type is read as another")
    return try withBytes { (raw) throws(E) -> R in try body(raw.bindMemory(to: T.self)) }
  }

  /// A copy of the elements, or nil if the type differs.
  public func elements<T: TensorElement>(as type: T.Type) -> [T]? {
    guard T.dtype == dtype else { return nil }
    return withElements(as: type) { Array($0) }
  }

  /// The strings, or nil for any other type.
  public var strings: [String]? {
    guard case .strings(let strings) = contents else { return nil }
    return strings
  }

  /// The storage and the offset of the first byte in it, for writers that keep views of it; nil for strings.
  public var storage: (TensorStorage, byteOffset: Int)? {
    guard case .bytes(let storage, let offset) = contents else { return nil }
    return (storage, offset)
  }

  /// The codes of a packed type or the bytes of an 8-bit one, one a byte; nil for wider types.
  public var codes: [UInt8]? {
    guard dtype.bitWidth > 0, dtype.bitWidth <= 8 else { return nil }
    return withBytes { PackedElements.unpack($0, bitWidth: dtype.bitWidth, count: elementCount) }
  }

  /// Every element as a double, whatever the real type; nil for strings and complex numbers.
  public func doubles() -> [Double]? {
    if let format = MinifloatFormat(dtype) { return codes?.map { Double(format.decode($0)) } }
    switch dtype {
    case .int4, .int2: return codes?.map { Double(PackedElements.signExtend($0, bitWidth: dtype.bitWidth)) }
    case .uint4, .uint2: return codes?.map(Double.init)
    case .bool: return elements(as: Bool.self)?.map { $0 ? 1 : 0 }
    case .string, .complex64, .complex128: return nil
    default: return numericDoubles()
    }
  }

  private func numericDoubles() -> [Double]? {
    guard let type = dtype.numericType else { return nil }
    func convert<T: NumericElement>(_ type: T.Type) -> [Double]? { elements(as: type)?.map(\.double) }
    return convert(type)
  }

  /// The elements of an integer tensor (of any width) as Int; nil for other types and for values beyond Int.
  public func integers() -> [Int]? {
    switch dtype {
    case .int64: return elements(as: Int64.self)?.map(Int.init)
    case .int32: return elements(as: Int32.self)?.map(Int.init)
    case .uint64:
      let values = elements(as: UInt64.self)?.compactMap { Int(exactly: $0) }
      return values?.count == elementCount ? values : nil
    default:
      guard dtype.isInteger else { return nil }
      return doubles()?.map { Int($0) }
    }
  }
}

extension DType {
  /// The Swift type that computes with this type, for the eight integers and four floats that have arithmetic of their own.
  public var numericType: (any NumericElement.Type)? {
    switch self {
    case .float32: Float.self
    case .float64: Double.self
    case .float16: Float16.self
    case .bfloat16: BFloat16.self
    case .int8: Int8.self
    case .int16: Int16.self
    case .int32: Int32.self
    case .int64: Int64.self
    case .uint8: UInt8.self
    case .uint16: UInt16.self
    case .uint32: UInt32.self
    case .uint64: UInt64.self
    default: nil
    }
  }
}

extension Tensor: Equatable {
  /// Same type, shape and bits: NaN equals the same NaN, 0 differs from −0.
  public static func == (a: Tensor, b: Tensor) -> Bool {
    guard a.dtype == b.dtype, a.shape == b.shape else { return false }
    if let left = a.strings, let right = b.strings { return left == right }
    return a.withBytes { left in
      b.withBytes { right in
        guard let one = left.baseAddress, let other = right.baseAddress, one != other else { return left.count == right.count }
        return left.count == right.count && memcmp(one, other, left.count) == 0
      }
    }
  }
}
