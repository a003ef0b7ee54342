/// Canonical decomposition (NFD, Unicode Standard Annex 15) of single scalars, as of Unicode 9.
///
/// Swift's own normalization follows the toolchain's Unicode version and is reached only through whole Foundation
/// strings.
enum CanonicalDecomposition {
  /// Calls `body` with each scalar of the full decomposition of `scalar`, which may be itself.
  static func forEach(of scalar: Unicode.Scalar, _ body: (Unicode.Scalar) -> Void) {
    let value = scalar.value
    if value < 0xC0 { return body(scalar) }
    if isSyllable(scalar) { return forEachJamo(of: value) { Unicode.Scalar($0).map(body) } }
    guard let parts = parts(of: value), let first = Unicode.Scalar(parts.first) else { return body(scalar) }
    forEach(of: first, body)
    // The second part of a canonical mapping never decomposes further.
    if parts.second != 0, let second = Unicode.Scalar(parts.second) { body(second) }
  }

  /// Whether `scalar` is a syllable of Hangul.
  static func isSyllable(_ scalar: Unicode.Scalar) -> Bool { (0xAC00..<0xD7A4).contains(scalar.value) }

  /// Calls `body` with the letters of the Hangul syllable `value` (The Unicode Standard, section 3.12).
  @inline(__always)
  static func forEachJamo(of value: UInt32, _ body: (UInt32) -> Void) {
    let syllable = value - 0xAC00
    body(0x1100 + syllable / 588)
    body(0x1161 + syllable % 588 / 28)
    if syllable % 28 != 0 { body(0x11A7 + syllable % 28) }
  }

  private static func parts(of value: UInt32) -> (first: UInt32, second: UInt32)? {
    var low = 0
    var high = table.count
    while low < high {
      let middle = (low + high) / 2
      if UInt32(truncatingIfNeeded: table[middle] >> 42) < value { low = middle + 1 } else { high = middle }
    }
    guard low < table.count, UInt32(truncatingIfNeeded: table[low] >> 42) == value else { return nil }
    let mask: UInt64 = 1 << 21 - 1
    return (UInt32(truncatingIfNeeded: table[low] >> 21 & mask), UInt32(truncatingIfNeeded: table[low] & mask))
  }
}
