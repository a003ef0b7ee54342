/// The rules by which BERT's basic tokenization splits text into words, prepared for bytes.
struct BasicTokenization: Sendable {
  /// A token that is recognized in the text as it stands, before any other rule.
  struct Special: Sendable {
    var token: String
    var bytes: [UInt8]
    var id: Int32
  }

  /// What an ASCII character is.
  enum Kind: UInt8 {
    case letter, space, punctuation, removed
  }

  let lowercase: Bool
  let stripAccents: Bool
  let handleChineseCharacters: Bool
  let cleanText: Bool
  /// The longest first.
  let specials: [Special]
  /// For each byte whether a special token starts with it.
  let startsSpecial: [Bool]
  /// For each ASCII character its kind in the text (before cleaning).
  let kinds: [Kind]
  /// For each ASCII character what it becomes.
  let folded: [UInt8]

  init(_ options: WordPieceOptions, specials: [(token: String, id: Int32)]) {
    lowercase = options.lowercase
    stripAccents = options.stripAccents ?? options.lowercase
    handleChineseCharacters = options.handleChineseCharacters
    cleanText = options.cleanText
    self.specials = specials.map { Special(token: $0.token, bytes: Array($0.token.utf8), id: $0.id) }
      .sorted { $0.bytes.count > $1.bytes.count }
    var starts = Array(repeating: false, count: 256)
    for special in self.specials {
      if let first = special.bytes.first { starts[Int(first)] = true }
    }
    startsSpecial = starts
    kinds = (0..<128).map { Self.kind($0, cleanText: options.cleanText) }
    folded = (0..<128).map { options.lowercase && (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
  }

  private static func kind(_ byte: UInt8, cleanText: Bool) -> Kind {
    let scalar = Unicode.Scalar(byte)
    if cleanText, UnicodeRules.isControl(scalar) { return .removed }
    if UnicodeRules.isWhitespace(scalar) { return .space }
    return UnicodeRules.isPunctuation(scalar) ? .punctuation : .letter
  }

  /// Gives the words of `text` to `sink`.
  func scan(_ text: String, into sink: inout some WordSink) {
    var text = text
    text.withUTF8 { bytes in
      var scanner = WordScanner(rules: self, sink: sink)
      scanner.scan(bytes)
      sink = scanner.sink
    }
  }

  /// The special token that stands in `text` at `offset`.
  func special(in text: UnsafeBufferPointer<UInt8>, at offset: Int) -> Special? {
    specials.first { text[offset...].starts(with: $0.bytes) }
  }
}
