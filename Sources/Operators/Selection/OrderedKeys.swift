import LatheTensors

/// Elements as unsigned numbers in the order of the elements, so that one sorting serves every type.
///
/// NaN is one number after all others, −0 equals 0, texts are ordered by their bytes, and complex numbers by their real
/// part and then their imaginary part.
struct OrderedKeys {
  /// The keys of all elements, one after the other.
  let keys: [UInt64]
  /// Keys of one element: 2 for complex numbers, 1 for all else.
  let width: Int

  /// The keys of a tensor's elements; nil for types that have no order here.
  init?(_ tensor: Tensor) {
    width = tensor.dtype == .complex64 || tensor.dtype == .complex128 ? 2 : 1
    guard let keys = Self.keys(tensor) else { return nil }
    self.keys = keys
  }

  private static func keys(_ tensor: Tensor) -> [UInt64]? {
    switch tensor.dtype {
    case .string: return tensor.strings.map(ranks)
    case .bool: return tensor.codes?.map(UInt64.init)
    case .uint64: return tensor.elements(as: UInt64.self)
    case .complex64: return tensor.withBytes { raw in raw.bindMemory(to: Float.self).map { key(Double($0)) } }
    case .complex128: return tensor.withBytes { raw in raw.bindMemory(to: Double.self).map(key) }
    default:
      if tensor.dtype.isInteger {
        return tensor.integers()?.map { UInt64(bitPattern: Int64($0)) ^ 1 << 63 }
      }
      return tensor.doubles()?.map(key)
    }
  }

  private static func key(_ value: Double) -> UInt64 {
    if value.isNaN { return .max }
    let bits = (value == 0 ? 0 : value).bitPattern
    return value < 0 ? ~bits : bits | 1 << 63
  }

  private static func ranks(_ strings: [String]) -> [UInt64] {
    var numbers: [[UInt8]: UInt64] = [:]
    let bytes = strings.map { Array($0.utf8) }
    for (rank, text) in Set(bytes).sorted(by: { $0.lexicographicallyPrecedes($1) }).enumerated() {
      numbers[text] = UInt64(rank)
    }
    return bytes.map { numbers[$0] ?? 0 }
  }
}
