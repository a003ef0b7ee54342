/// The rules by which BERT's basic tokenization splits text into words, prepared for bytes.
struct BasicTokenization: Sendable {
  let rules: ScalarRules
  let scalars: ScalarTable
  let specials: SpecialTokens
  private let kinds: [ByteKind]

  init(_ options: WordPieceOptions, specials: SpecialTokens) {
    let rules = ScalarRules(options)
    self.rules = rules
    self.specials = specials
    scalars = ScalarTable(rules)
    kinds = (0...255).map { ByteKind($0, rules, startsSpecial: specials.mayStart(with: $0)) }
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
}
