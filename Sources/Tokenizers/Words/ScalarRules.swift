/// How basic tokenization treats single scalars, as its options say.
struct ScalarRules: Sendable {
  let lowercase: Bool
  let stripAccents: Bool
  let handleChineseCharacters: Bool
  let cleanText: Bool

  init(_ options: WordPieceOptions) {
    lowercase = options.lowercase
    stripAccents = options.stripAccents ?? options.lowercase
    handleChineseCharacters = options.handleChineseCharacters
    cleanText = options.cleanText
  }

  /// Whether cleaning removes `scalar`.
  func removes(_ scalar: Unicode.Scalar) -> Bool {
    cleanText && (scalar == "\u{FFFD}" || UnicodeRules.isControl(scalar))
  }

  /// Whether cleaning makes a space of `scalar`.
  func separates(_ scalar: Unicode.Scalar) -> Bool {
    cleanText && UnicodeRules.isWhitespace(scalar)
  }

  /// Whether `scalar` is a word of its own, whatever it becomes.
  func isolates(_ scalar: Unicode.Scalar) -> Bool {
    handleChineseCharacters && UnicodeRules.isChinese(scalar)
  }

  /// Calls `body` with what `scalar` is before accents go.
  func forEachPart(of scalar: Unicode.Scalar, _ body: (Unicode.Scalar) -> Void) {
    if stripAccents { CanonicalDecomposition.forEach(of: scalar, body) } else { body(scalar) }
  }

  /// What `scalar` becomes when it is not ASCII.
  func outcome(of scalar: Unicode.Scalar) -> ScalarOutcome {
    if UnicodeRules.isUnifiedIdeograph(scalar) { return ScalarOutcome(handleChineseCharacters ? .alone : .letter, scalar) }
    if CanonicalDecomposition.isSyllable(scalar) { return ScalarOutcome(stripAccents ? .syllable : .letter, scalar) }
    if removes(scalar) { return ScalarOutcome(.removed) }
    if separates(scalar) { return ScalarOutcome(.space) }
    var kept: [Unicode.Scalar] = []
    var isBarrier = false
    forEachPart(of: scalar) { part in
      isBarrier = isBarrier || UnicodeRules.combiningClass(part) == 0
      if !stripAccents || !UnicodeRules.isAccent(part) { kept.append(part) }
    }
    guard let first = kept.first else { return ScalarOutcome(isBarrier ? .barrier : .removed) }
    let folded = (lowercase ? UnicodeRules.lowercase(first) : nil) ?? String.UnicodeScalarView([first])
    guard kept.count == 1, folded.count == 1, let letter = folded.first, !stripAccents || isBarrier else {
      return ScalarOutcome(.open)
    }
    if UnicodeRules.isWhitespace(letter) { return ScalarOutcome(.space) }
    return ScalarOutcome(isolates(scalar) || UnicodeRules.isPunctuation(letter) ? .alone : .letter, letter)
  }
}
