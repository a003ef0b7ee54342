/// What a byte of UTF-8 is to basic tokenization.
struct ByteKind: Sendable {
  enum Role: UInt16 {
    /// An ASCII character that is part of a word, as `folded`.
    case letter
    /// An ASCII character that is a word of its own.
    case alone
    /// What ends a word.
    case space
    /// Nothing.
    case removed
    /// The start of a scalar beyond ASCII.
    case beyond
  }

  private static let special: UInt16 = 0x8000

  /// Whether a special token starts with it, then the role, then eight bits for what it becomes.
  private let bits: UInt16

  init(_ byte: UInt8, _ rules: ScalarRules, startsSpecial: Bool) {
    let folded = rules.lowercase && (0x41...0x5A).contains(byte) ? byte + 0x20 : byte
    bits = (startsSpecial ? Self.special : 0) | Self.role(byte, rules).rawValue << 8 | UInt16(folded)
  }

  private static func role(_ byte: UInt8, _ rules: ScalarRules) -> Role {
    guard byte < 0x80 else { return .beyond }
    let scalar = Unicode.Scalar(byte)
    if rules.removes(scalar) { return .removed }
    if UnicodeRules.isWhitespace(scalar) { return .space }
    return UnicodeRules.isPunctuation(scalar) ? .alone : .letter
  }

  /// Whether it is a letter with which no special token starts.
  @inline(__always)
  var isLetter: Bool { bits < 0x100 }

  @inline(__always)
  var startsSpecial: Bool { bits & Self.special != 0 }

  @inline(__always)
  var role: Role { Role(rawValue: bits >> 8 & 0x7F) ?? .beyond }

  @inline(__always)
  var folded: UInt8 { UInt8(truncatingIfNeeded: bits) }
}
