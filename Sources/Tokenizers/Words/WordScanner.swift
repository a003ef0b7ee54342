/// One walk over a text by the rules of basic tokenization: clean, space Chinese, strip accents, lower-case, split.
///
/// Each step of that order works on single scalars, except the ordering of combining marks, so the walk takes every
/// scalar through all steps at once and holds back only a run of marks.
struct WordScanner {
  private let rules: ScalarRules
  private let scalars: ScalarTable
  private let specials: SpecialTokens
  private let kinds: UnsafeBufferPointer<ByteKind>
  private var marks: [(order: UInt8, scalar: Unicode.Scalar)] = []

  init(_ tokenization: BasicTokenization, _ kinds: UnsafeBufferPointer<ByteKind>) {
    rules = tokenization.rules
    scalars = tokenization.scalars
    specials = tokenization.specials
    self.kinds = kinds
  }

  /// Gives the words of the UTF-8 `text` to `sink`.
  mutating func scan(_ text: UnsafeBufferPointer<UInt8>, into sink: inout some WordSink) {
    var offset = 0
    while offset < text.count, !sink.isFull {
      let kind = kinds[Int(text[offset])]
      if kind.isLetter {
        placeMarks(&sink)
        offset = sink.append(lettersOf: text, from: offset, kinds)
      } else if kind.startsSpecial, let special = specials.match(in: text, at: offset) {
        endWord(&sink)
        sink.take(special: special.id, special.token)
        offset += special.length
      } else {
        offset += take(kind, in: text, at: offset, &sink)
      }
    }
    endWord(&sink)
  }

  /// Takes the scalar that begins at `offset` with a byte of `kind`, and returns how many bytes it has.
  @inline(__always)
  private mutating func take(
    _ kind: ByteKind, in text: UnsafeBufferPointer<UInt8>, at offset: Int, _ sink: inout some WordSink
  ) -> Int {
    switch kind.role {
    case .letter:
      placeMarks(&sink)
      sink.append(UInt32(kind.folded))
    case .alone: takeAlone(UInt32(kind.folded), &sink)
    case .space: endWord(&sink)
    case .removed: break
    case .beyond:
      let (value, length) = Self.scalar(in: text, at: offset)
      take(value, &sink)
      return length
    }
    return 1
  }

  /// The scalar at `offset` of UTF-8 that is known to be valid and not ASCII there.
  @inline(__always)
  private static func scalar(in text: UnsafeBufferPointer<UInt8>, at offset: Int) -> (value: UInt32, length: Int) {
    let lead = UInt32(text[offset])
    let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    guard offset + length <= text.count else { return (0xFFFD, text.count - offset) }
    var value = lead & (0x7F >> UInt32(length))
    for place in 1..<length { value = value << 6 | UInt32(text[offset + place] & 0x3F) }
    return (value, length)
  }

  @inline(__always)
  private mutating func take(_ value: UInt32, _ sink: inout some WordSink) {
    let outcome = scalars[value]
    switch outcome.kind {
    case .letter:
      placeMarks(&sink)
      sink.append(outcome.value)
    case .alone: takeAlone(outcome.value, &sink)
    case .space: endWord(&sink)
    case .removed: break
    case .barrier: placeMarks(&sink)
    case .syllable:
      placeMarks(&sink)
      CanonicalDecomposition.forEachJamo(of: value) { sink.append($0) }
    case .open: normalize(Unicode.Scalar(value) ?? "\u{FFFD}", &sink)
    }
  }

  @inline(__always)
  private mutating func takeAlone(_ value: UInt32, _ sink: inout some WordSink) {
    endWord(&sink)
    sink.append(value)
    sink.endWord()
  }

  /// Ends the word at a boundary of the text.
  @inline(__always)
  private mutating func endWord(_ sink: inout some WordSink) {
    placeMarks(&sink)
    sink.endWord()
  }

  /// Passes on the waiting marks in canonical order.
  @inline(__always)
  private mutating func placeMarks(_ sink: inout some WordSink) {
    guard !marks.isEmpty else { return }
    placeWaitingMarks(&sink)
  }
}

// Scalars whose outcome is open.
extension WordScanner {
  @inline(never)
  private mutating func normalize(_ scalar: Unicode.Scalar, _ sink: inout some WordSink) {
    let isAlone = rules.isolates(scalar)
    if isAlone { endWord(&sink) }
    var parts: [Unicode.Scalar] = []
    rules.forEachPart(of: scalar) { parts.append($0) }
    for part in parts { if rules.stripAccents { place(part, &sink) } else { fold(part, &sink) } }
    if isAlone { endWord(&sink) }
  }

  /// Takes a scalar of the decomposed text: marks wait until their run is complete, accents go.
  private mutating func place(_ scalar: Unicode.Scalar, _ sink: inout some WordSink) {
    let order = UnicodeRules.combiningClass(scalar)
    if order == 0 { placeMarks(&sink) }
    if UnicodeRules.isAccent(scalar) { return }
    if order == 0 { fold(scalar, &sink) } else { marks.append((order, scalar)) }
  }

  @inline(never)
  private mutating func placeWaitingMarks(_ sink: inout some WordSink) {
    let ordered = marks.enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }
    marks.removeAll(keepingCapacity: true)
    for mark in ordered { fold(mark.element.scalar, &sink) }
  }

  private mutating func fold(_ scalar: Unicode.Scalar, _ sink: inout some WordSink) {
    guard rules.lowercase, let lower = UnicodeRules.lowercase(scalar) else { return emit(scalar, &sink) }
    for scalar in lower { emit(scalar, &sink) }
  }

  /// Takes a normalized scalar to where it belongs: into the word, into a word of its own, or between words.
  private mutating func emit(_ scalar: Unicode.Scalar, _ sink: inout some WordSink) {
    if UnicodeRules.isWhitespace(scalar) { return sink.endWord() }
    guard UnicodeRules.isPunctuation(scalar) else { return sink.append(scalar.value) }
    sink.endWord()
    sink.append(scalar.value)
    sink.endWord()
  }
}
