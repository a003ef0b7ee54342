/// A regular expression as a tree.
indirect enum RegexTree: Sendable {
  /// A condition on a place between two characters.
  enum Anchor: Sendable {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
  }

  case empty
  case character(CharacterSet)
  case anchor(Anchor)
  case sequence([RegexTree])
  case choice([RegexTree])
  /// At least and at most so many times; nil for any number.
  case repeated(RegexTree, Int, Int?)

  /// A set of Unicode characters.
  struct CharacterSet: Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    /// General categories by the start of their abbreviation, and whether the others are meant.
    var categories: [(prefix: String, isNegated: Bool)] = []
    var isNegated = false
    var ignoresCase = false

    init() {}

    init(_ scalar: Unicode.Scalar, ignoresCase: Bool = false) {
      ranges = [scalar.value...scalar.value]
      self.ignoresCase = ignoresCase
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
      let isFound =
        holds(scalar)
        || ignoresCase
          && [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping].contains { text in
            text.unicodeScalars.count == 1 && text.unicodeScalars.first.map(holds) ?? false
          }
      return isFound != isNegated
    }

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
      if ranges.contains(where: { $0.contains(scalar.value) }) { return true }
      guard !categories.isEmpty else { return false }
      let own = Self.abbreviation(scalar.properties.generalCategory)
      return categories.contains { own.hasPrefix($0.prefix) != $0.isNegated }
    }

    /// Adds what the other set has; one that is negated is given by the ranges beside its own.
    mutating func insert(_ other: CharacterSet) {
      categories += other.categories.map { ($0.prefix, $0.isNegated != other.isNegated) }
      ranges += other.isNegated ? Self.complement(other.ranges) : other.ranges
    }

    private static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
      guard !ranges.isEmpty else { return [] }
      var result: [ClosedRange<UInt32>] = []
      var next: UInt32 = 0
      for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
        if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
        next = Swift.max(next, range.upperBound + 1)
      }
      return next <= 0x10FFFF ? result + [next...0x10FFFF] : result
    }

    private static func abbreviation(_ category: Unicode.GeneralCategory) -> String {
      switch category {
      case .uppercaseLetter: "Lu"
      case .lowercaseLetter: "Ll"
      case .titlecaseLetter: "Lt"
      case .modifierLetter: "Lm"
      case .otherLetter: "Lo"
      case .nonspacingMark: "Mn"
      case .spacingMark: "Mc"
      case .enclosingMark: "Me"
      case .decimalNumber: "Nd"
      case .letterNumber: "Nl"
      case .otherNumber: "No"
      case .connectorPunctuation: "Pc"
      case .dashPunctuation: "Pd"
      case .openPunctuation: "Ps"
      case .closePunctuation: "Pe"
      case .initialPunctuation: "Pi"
      case .finalPunctuation: "Pf"
      case .otherPunctuation: "Po"
      case .mathSymbol: "Sm"
      case .currencySymbol: "Sc"
      case .modifierSymbol: "Sk"
      case .otherSymbol: "So"
      case .spaceSeparator: "Zs"
      case .lineSeparator: "Zl"
      case .paragraphSeparator: "Zp"
      case .control: "Cc"
      case .format: "Cf"
      case .surrogate: "Cs"
      case .privateUse: "Co"
      case .unassigned: "Cn"
      @unknown default: ""
      }
    }
  }
}

extension RegexTree.CharacterSet {
  /// The classes that have a letter of their own (ASCII, as RE2 has them); nil for other letters.
  init?(letter: Unicode.Scalar) {
    self.init()
    switch letter {
    case "d", "D": ranges = [0x30...0x39]
    case "w", "W": ranges = Self.word
    case "s", "S": ranges = [0x09...0x0A, 0x0C...0x0D, 0x20...0x20]
    default: return nil
    }
    isNegated = letter.value < 0x60
  }

  static let word: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]

  /// The classes of POSIX, by name.
  static let posix: [String: [ClosedRange<UInt32>]] = [
    "alnum": [0x30...0x39, 0x41...0x5A, 0x61...0x7A], "alpha": [0x41...0x5A, 0x61...0x7A], "ascii": [0...0x7F],
    "blank": [0x09...0x09, 0x20...0x20], "cntrl": [0...0x1F, 0x7F...0x7F], "digit": [0x30...0x39],
    "graph": [0x21...0x7E], "lower": [0x61...0x7A], "print": [0x20...0x7E],
    "punct": [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E], "space": [0x09...0x0D, 0x20...0x20],
    "upper": [0x41...0x5A], "word": word, "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
  ]
}
