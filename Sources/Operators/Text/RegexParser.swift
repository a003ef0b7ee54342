import LatheDiagnostics

/// Reads regular expressions in the syntax of RE2. Whether a repetition is greedy makes no difference to whether a whole
/// string matches, so that is read and forgotten.
struct RegexParser {
  private struct Flags {
    var ignoresCase = false
    var isMultiline = false
    var dotIsAll = false
  }

  /// RE2's bound on counted repetitions.
  private static let mostRepetitions = 1000
  private static let deepestNesting = 200

  private let pattern: String
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var flags = Flags()
  private var depth = 0

  init(_ pattern: String) {
    self.pattern = pattern
    scalars = Array(pattern.unicodeScalars)
  }

  /// The expression.
  ///
  /// - Throws: `operator/pattern`, naming the place.
  mutating func parse() throws(Diagnostic) -> RegexTree {
    let tree = try choice()
    guard position == scalars.count else { throw fault("there is a ) without a (") }
    return tree
  }

  private func fault(_ reason: String) -> Diagnostic {
    .invalid(
      "operator/pattern", "the regular expression \(pattern) cannot be read: \(reason), at character \(position)")
  }

  private var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard scalars[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  private mutating func next() throws(Diagnostic) -> Unicode.Scalar {
    guard let scalar = current else { throw fault("it ends too early") }
    position += 1
    return scalar
  }

  private mutating func choice() throws(Diagnostic) -> RegexTree {
    depth += 1
    guard depth <= Self.deepestNesting else { throw fault("groups are nested too deeply") }
    var options = [try sequence()]
    while take("|") { options.append(try sequence()) }
    depth -= 1
    return options.count == 1 ? options[0] : .choice(options)
  }

  private mutating func sequence() throws(Diagnostic) -> RegexTree {
    var items: [RegexTree] = []
    while let scalar = current, scalar != "|", scalar != ")" {
      if take("\\Q") {
        while position < scalars.count, !take("\\E") { items.append(literal(try next())) }
        continue
      }
      guard let item = try atom() else { continue }
      items.append(try repeated(item))
    }
    return items.count == 1 ? items[0] : .sequence(items)
  }

  private mutating func repeated(_ item: RegexTree) throws(Diagnostic) -> RegexTree {
    var result = item
    var times = 0
    while let scalar = current {
      let bounds: (Int, Int?)
      switch scalar {
      case "*": bounds = (0, nil)
      case "+": bounds = (1, nil)
      case "?": bounds = (0, 1)
      case "{":
        guard let counted = try countedBounds() else { return result }
        bounds = counted
      default: return result
      }
      times += 1
      guard times == 1 else { throw fault("a repetition is repeated without a group") }
      if scalar != "{" { position += 1 }
      _ = take("?")
      result = .repeated(result, bounds.0, bounds.1)
    }
    return result
  }

  /// {2}, {2,} or {2,5}; nil for a brace that is meant literally.
  private mutating func countedBounds() throws(Diagnostic) -> (Int, Int?)? {
    let start = position
    position += 1
    guard let low = number() else {
      position = start
      return nil
    }
    var high: Int? = low
    if take(",") { high = number() }
    guard take("}") else {
      position = start
      return nil
    }
    guard low <= Self.mostRepetitions, high ?? low <= Self.mostRepetitions, high ?? low >= low else {
      throw fault("a repetition of \(low) to \(high ?? low) times is not possible")
    }
    return (low, high)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let scalar = current, scalar.value >= 0x30, scalar.value <= 0x39 {
      value = Swift.min((value ?? 0) * 10 + Int(scalar.value - 0x30), 1_000_000)
      position += 1
    }
    return value
  }

  private func literal(_ scalar: Unicode.Scalar) -> RegexTree {
    .character(RegexTree.CharacterSet(scalar, ignoresCase: flags.ignoresCase))
  }

  /// One item that may be repeated; nil for a change of flags, and for a brace that opens nothing.
  private mutating func atom() throws(Diagnostic) -> RegexTree? {
    let scalar = try next()
    switch scalar {
    case "(": return try group()
    case "[": return .character(try bracket())
    case "^": return .anchor(flags.isMultiline ? .lineStart : .textStart)
    case "$": return .anchor(flags.isMultiline ? .lineEnd : .textEnd)
    case "*", "+", "?": throw fault("there is nothing to be repeated")
    case ".":
      var set = RegexTree.CharacterSet()
      if !flags.dotIsAll { set.ranges = [0x0A...0x0A] }
      set.isNegated = true
      return .character(set)
    case "\\": return try escape()
    default: return literal(scalar)
    }
  }

  private mutating func group() throws(Diagnostic) -> RegexTree? {
    let outer = flags
    if take("?P<") || take("?<") {
      guard current != "=", current != "!" else { throw fault("RE2 does not look behind") }
      while try next() != ">" {}
    } else if take("?") {
      guard current != "=", current != "!" else { throw fault("RE2 does not look ahead") }
      if try flagChange() { return nil }
    }
    let tree = try choice()
    guard take(")") else { throw fault("a ) is missing") }
    flags = outer
    return tree
  }

  /// Reads the flags after (?; whether they stand alone, for the rest of the group around them.
  private mutating func flagChange() throws(Diagnostic) -> Bool {
    var value = true
    while true {
      let scalar = try next()
      switch scalar {
      case "i": flags.ignoresCase = value
      case "m": flags.isMultiline = value
      case "s": flags.dotIsAll = value
      case "U": break
      case "-" where value: value = false
      case ":": return false
      case ")": return true
      default: throw fault("\(scalar) is no flag")
      }
    }
  }

  private mutating func escape() throws(Diagnostic) -> RegexTree {
    let scalar = try next()
    switch scalar {
    case "A": return .anchor(.textStart)
    case "z": return .anchor(.textEnd)
    case "b": return .anchor(.wordBoundary)
    case "B": return .anchor(.noWordBoundary)
    case "C":
      throw fault("single bytes are not matched")
    default:
      position -= 1
      var set = try escapedSet()
      set.ignoresCase = flags.ignoresCase && set.categories.isEmpty
      return .character(set)
    }
  }

  /// The set after a backslash: a class or one character.
  private mutating func escapedSet() throws(Diagnostic) -> RegexTree.CharacterSet {
    let scalar = try next()
    if let set = RegexTree.CharacterSet(letter: scalar) { return set }
    switch scalar {
    case "p", "P": return try category(isNegated: scalar == "P")
    case "a": return .init("\u{07}")
    case "f": return .init("\u{0C}")
    case "n": return .init("\n")
    case "r": return .init("\r")
    case "t": return .init("\t")
    case "v": return .init("\u{0B}")
    case "x": return .init(try hexadecimal())
    case "0"..."7": return .init(try octal(scalar))
    default:
      let isWord = RegexTree.CharacterSet.word.contains { $0.contains(scalar.value) }
      guard !isWord || scalar == "_" else { throw fault("RE2 has no \\\(scalar)") }
      return .init(scalar)
    }
  }

  private mutating func hexadecimal() throws(Diagnostic) -> Unicode.Scalar {
    var digits = ""
    if take("{") {
      while !take("}") { digits.unicodeScalars.append(try next()) }
    } else {
      for _ in 0..<2 { digits.unicodeScalars.append(try next()) }
    }
    guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
      throw fault("\(digits) is no character")
    }
    return scalar
  }

  private mutating func octal(_ first: Unicode.Scalar) throws(Diagnostic) -> Unicode.Scalar {
    guard first == "0" || (current.map { ("0"..."7").contains($0) } ?? false) else {
      throw fault("RE2 does not refer back to groups")
    }
    var value = first.value - 0x30
    for _ in 0..<2 {
      guard let scalar = current, ("0"..."7").contains(scalar) else { break }
      value = value * 8 + (scalar.value - 0x30)
      position += 1
    }
    return Unicode.Scalar(value) ?? "\0"
  }

  private mutating func category(isNegated: Bool) throws(Diagnostic) -> RegexTree.CharacterSet {
    var name = ""
    var isNegated = isNegated
    if take("{") {
      if take("^") { isNegated.toggle() }
      while !take("}") { name.unicodeScalars.append(try next()) }
    } else {
      name.unicodeScalars.append(try next())
    }
    let known = [
      "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe",
      "Pi",
      "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Cs", "Co",
    ]
    guard known.contains(name) else {
      throw fault("\(name) is none of the general categories of Unicode, the only classes that Lathe knows by name")
    }
    var set = RegexTree.CharacterSet()
    set.categories = [(name, isNegated)]
    return set
  }

  private mutating func bracket() throws(Diagnostic) -> RegexTree.CharacterSet {
    var result = RegexTree.CharacterSet()
    result.isNegated = take("^")
    result.ignoresCase = flags.ignoresCase
    var isFirst = true
    while isFirst || current != "]" {
      isFirst = false
      if take("[:") {
        result.insert(try posixClass())
        continue
      }
      let item = try bracketItem()
      guard let low = item.single, current == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
        result.insert(item)
        continue
      }
      position += 1
      guard let high = try bracketItem().single, low <= high else { throw fault("a range runs backwards") }
      result.ranges.append(low...high)
    }
    position += 1
    return result
  }

  private mutating func bracketItem() throws(Diagnostic) -> RegexTree.CharacterSet {
    let scalar = try next()
    return scalar == "\\" ? try escapedSet() : RegexTree.CharacterSet(scalar)
  }

  private mutating func posixClass() throws(Diagnostic) -> RegexTree.CharacterSet {
    var set = RegexTree.CharacterSet()
    set.isNegated = take("^")
    var name = ""
    while !take(":]") { name.unicodeScalars.append(try next()) }
    guard let ranges = RegexTree.CharacterSet.posix[name] else { throw fault("there is no class \(name)") }
    set.ranges = ranges
    return set
  }
}

extension RegexTree.CharacterSet {
  /// The only character, if there is one and no more.
  fileprivate var single: UInt32? {
    guard !isNegated, categories.isEmpty, ranges.count == 1, ranges[0].count == 1 else { return nil }
    return ranges[0].lowerBound
  }
}
