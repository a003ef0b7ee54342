/// One walk over a text by the rules of basic tokenization: clean, space Chinese, strip accents, lower-case, split.
///
/// Each step of that order works on single scalars, except the ordering of combining marks, so the walk takes every
/// scalar through all steps at once and holds back only a run of marks.
struct WordScanner<Sink: WordSink> {
  private let rules: BasicTokenization
  private(set) var sink: Sink
  private var word: [UInt8] = []
  private var scalarCount = 0
  private var marks: [(order: UInt8, scalar: Unicode.Scalar)] = []

  init(rules: BasicTokenization, sink: Sink) {
    self.rules = rules
    self.sink = sink
  }

  /// Gives the words of the UTF-8 `text` to the sink.
  mutating func scan(_ text: UnsafeBufferPointer<UInt8>) {
    var offset = 0
    while offset < text.count, !sink.isFull {
      let byte = text[offset]
      if rules.startsSpecial[Int(byte)], let special = rules.special(in: text, at: offset) {
        endWord()
        sink.take(special: special.id, special.token)
        offset += special.bytes.count
      } else if byte < 0x80 {
        take(ascii: byte)
        offset += 1
      } else {
        let (scalar, length) = Self.scalar(in: text, at: offset)
        take(scalar)
        offset += length
      }
    }
    endWord()
  }

  /// The scalar at `offset` of UTF-8 that is known to be valid and not ASCII there.
  private static func scalar(in text: UnsafeBufferPointer<UInt8>, at offset: Int) -> (Unicode.Scalar, length: Int) {
    let lead = text[offset]
    let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    var value = UInt32(lead & (0x7F >> UInt8(length)))
    for byte in text[(offset + 1)..<min(offset + length, text.count)] { value = value << 6 | UInt32(byte & 0x3F) }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
  }

  /// Ends the word at a boundary of the text.
  private mutating func endWord() {
    placeMarks()
    finishWord()
  }

  private mutating func finishWord() {
    guard scalarCount > 0 else { return }
    word.withUnsafeBufferPointer { sink.take(word: $0, scalarCount: scalarCount) }
    word.removeAll(keepingCapacity: true)
    scalarCount = 0
  }

  @inline(__always)
  private mutating func append(_ byte: UInt8) {
    word.append(byte)
    scalarCount += 1
  }
}

// From the text to normalized scalars.
extension WordScanner {
  @inline(__always)
  private mutating func take(ascii byte: UInt8) {
    switch rules.kinds[Int(byte)] {
    case .removed: return
    case .space: endWord()
    case .letter:
      placeMarks()
      append(rules.folded[Int(byte)])
    case .punctuation:
      endWord()
      append(byte)
      endWord()
    }
  }

  private mutating func take(_ scalar: Unicode.Scalar) {
    if rules.cleanText {
      if scalar == "\u{FFFD}" || UnicodeRules.isControl(scalar) { return }
      if UnicodeRules.isWhitespace(scalar) { return endWord() }
    }
    guard rules.handleChineseCharacters, UnicodeRules.isChinese(scalar) else { return normalize(scalar) }
    endWord()
    normalize(scalar)
    endWord()
  }

  private mutating func normalize(_ scalar: Unicode.Scalar) {
    guard rules.stripAccents else { return fold(scalar) }
    CanonicalDecomposition.forEach(of: scalar) { place($0) }
  }

  /// Takes a scalar of the decomposed text: marks wait until their run is complete, accents go.
  private mutating func place(_ scalar: Unicode.Scalar) {
    let order = UnicodeRules.combiningClass(scalar)
    if order == 0 { placeMarks() }
    if UnicodeRules.isAccent(scalar) { return }
    if order == 0 { fold(scalar) } else { marks.append((order, scalar)) }
  }

  /// Passes on the waiting marks in canonical order.
  @inline(__always)
  private mutating func placeMarks() {
    guard !marks.isEmpty else { return }
    placeWaitingMarks()
  }

  private mutating func placeWaitingMarks() {
    let ordered = marks.enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }
    marks.removeAll(keepingCapacity: true)
    for mark in ordered { fold(mark.element.scalar) }
  }

  private mutating func fold(_ scalar: Unicode.Scalar) {
    guard rules.lowercase, let lower = UnicodeRules.lowercase(scalar) else { return emit(scalar) }
    for scalar in lower { emit(scalar) }
  }

  /// Takes a normalized scalar to where it belongs: into the word, into a word of its own, or between words.
  private mutating func emit(_ scalar: Unicode.Scalar) {
    if UnicodeRules.isWhitespace(scalar) { return finishWord() }
    guard UnicodeRules.isPunctuation(scalar) else { return append(scalar) }
    finishWord()
    append(scalar)
    finishWord()
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    word += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
    scalarCount += 1
  }
}
