/// The rules by which BERT's basic tokenization splits text into words, prepared for bytes.
struct BasicTokenization: Sendable {
  /// A token that is recognized in the text as it stands, before any other rule.
  struct Special: Sendable {
    var token: String
    var bytes: [UInt8]
    var id: Int32
  }

  let rules: ScalarRules
  let scalars: ScalarTable
  /// The longest first.
  private let specials: [Special]
  private let kinds: [ByteKind]

  init(_ options: WordPieceOptions, specials: [(token: String, id: Int32)]) {
    let rules = ScalarRules(options)
    self.rules = rules
    scalars = ScalarTable(rules)
    self.specials = specials.map { Special(token: $0.token, bytes: Array($0.token.utf8), id: $0.id) }
      .sorted { $0.bytes.count > $1.bytes.count }
    let starts = Set(self.specials.compactMap(\.bytes.first))
    kinds = (0...255).map { ByteKind($0, rules, startsSpecial: starts.contains($0)) }
  }

  /// Gives the words of `text` to `sink`.
  @inline(__always)
  func scan(_ text: String, into sink: inout some WordSink) {
    var text = text
    text.withUTF8 { bytes in
      kinds.withUnsafeBufferPointer { kinds in
        var scanner = WordScanner(self, kinds)
        scanner.scan(bytes, into: &sink)
      }
    }
  }

  /// The special token that stands in `text` at `offset`.
  func special(in text: UnsafeBufferPointer<UInt8>, at offset: Int) -> Special? {
    specials.first { text[offset...].starts(with: $0.bytes) }
  }
}
