/// What basic tokenization makes of a scalar wherever it stands.
struct ScalarOutcome {
  enum Kind: UInt32 {
    /// Part of a word, as `value`.
    case letter
    /// A word of its own, as `value`.
    case alone
    /// What ends a word.
    case space
    /// Nothing.
    case removed
    /// Nothing, but marks do not change places across it.
    case barrier
    /// A syllable of Hangul, which becomes the letters that it consists of.
    case syllable
    /// It depends on the neighbours, or is more than one scalar.
    case open
  }

  /// The kind above 21 bits for the value.
  let bits: UInt32

  @inline(__always)
  init(bits: UInt32) { self.bits = bits }

  init(_ kind: Kind, _ scalar: Unicode.Scalar = "\0") {
    bits = kind.rawValue << 21 | scalar.value
  }

  @inline(__always)
  var kind: Kind { Kind(rawValue: bits >> 21) ?? .open }

  /// The scalar that it becomes.
  @inline(__always)
  var value: UInt32 { bits & 0x1F_FFFF }
}
