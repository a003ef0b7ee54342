/// The classes of scalars that BERT's basic tokenization speaks of, as Hugging Face `tokenizers` has them.
///
/// Models were trained with the Unicode versions of that library's tables, so scalars that are younger keep the meaning
/// they had there, namely none: general categories are those of Unicode 8, canonical decomposition is that of 9, lower
/// case that of 17.
enum UnicodeRules {
  /// White space, as the property `White_Space` has it.
  static func isWhitespace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace
  }

  /// What cleaning removes besides U+0000 and U+FFFD: control, format and private-use characters.
  static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .control: return scalar != "\t" && scalar != "\n" && scalar != "\r"
    case .privateUse: return true
    case .format: return properties.isIn(unicode: 8)
    default: return false
    }
  }

  /// What is a word of its own: the categories P and all of ASCII that is neither letter, digit, space nor control.
  static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return isASCIIPunctuation(UInt8(truncatingIfNeeded: scalar.value)) }
    let properties = scalar.properties
    switch properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      return properties.isIn(unicode: 8)
    // Their categories have changed since: Po became So and Mn.
    default: return scalar == "\u{166D}" || scalar == "\u{111C9}"
    }
  }

  /// `isPunctuation` for ASCII.
  static func isASCIIPunctuation(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
    default: false
    }
  }

  /// Non-spacing marks: the accents that are stripped.
  static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    // Their categories have changed since: So, Mc and Po became Mn; Mn became Mc.
    case 0x1885, 0x1886, 0xA9BD, 0x111C9: return false
    case 0x1734, 0x1171E: return true
    default:
      let properties = scalar.properties
      return properties.generalCategory == .nonspacingMark && properties.isIn(unicode: 8)
    }
  }

  /// The ideographs of the blocks that BERT names.
  static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0xF900...0xFAFF, 0x2F800...0x2FA1F: true
    default: isUnifiedIdeograph(scalar)
    }
  }

  /// Those of them that are nothing but themselves; one block starts at 2B920 where Unicode's starts at 2B820.
  static func isUnifiedIdeograph(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF:
      true
    default: false
    }
  }

  /// The canonical combining class by which marks are ordered.
  static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
    let properties = scalar.properties
    let order = properties.canonicalCombiningClass.rawValue
    return order != 0 && properties.isIn(unicode: 9) ? order : 0
  }

  /// The lower-case scalars, if they differ from `scalar`.
  static func lowercase(_ scalar: Unicode.Scalar) -> String.UnicodeScalarView? {
    let properties = scalar.properties
    guard properties.changesWhenLowercased, properties.isIn(unicode: 17) else { return nil }
    return properties.lowercaseMapping.unicodeScalars
  }
}

extension Unicode.Scalar.Properties {
  fileprivate func isIn(unicode major: Int) -> Bool {
    age.map { $0.major <= major } ?? false
  }
}
