import LatheDiagnostics
import LatheJSON

/// The section `added_tokens` of a `tokenizer.json`: tokens that are recognized in a text as it stands.
struct AddedTokens {
  /// Those that the model has.
  private var known: [String] = []
  /// Those that only this section has; their ids follow on the model's.
  private(set) var beyond: [String] = []

  init(_ section: DocumentValue?, _ model: DocumentModel) throws(Diagnostic) {
    var seen: Set<[UInt8]> = []
    for token in try section?.elements() ?? [] {
      let content = try token.member("content")
      let text = try content.string()
      guard !text.isEmpty else { continue }
      guard VocabularyLines.canHold(text) else {
        throw content.unsupported("is \(content.shown)", "a token without tabs, line feeds and white space at its end")
      }
      guard seen.insert(Array(text.utf8)).inserted else { throw content.fault("is \(content.shown) a second time") }
      try Self.checkFlags(of: token)
      let id = try token.member("id")
      if let expected = model.vocabulary.id(of: text) {
        guard try id.id() == expected else { throw id.fault("is \(id.shown), and model.vocab gives \(content.shown) \(expected)") }
        known.append(text)
      } else {
        let expected = model.count + beyond.count
        guard try id.count() == expected, model.count == model.vocabulary.count else {
          throw id.unsupported("is \(id.shown)", "for a token that model.vocab lacks the id behind all others")
        }
        beyond.append(text)
      }
    }
  }

  private static func checkFlags(of token: DocumentValue) throws(Diagnostic) {
    // White space beside a token goes anyway, so that lstrip and rstrip change nothing.
    for key in ["lstrip", "rstrip", "special"] { _ = try token.member(key).truth() }
    for (key, meaning) in [
      ("single_word", "a token that is recognized within words too"),
      ("normalized", "a token that is recognized before the text is normalized"),
    ] {
      let flag = try token.member(key)
      if try flag.truth() { throw flag.unsupported("is true", meaning) }
    }
  }

  /// Says to `options` which tokens are recognized; `vocabulary` has them all.
  func set(_ options: inout WordPieceOptions, _ vocabulary: Vocabulary) {
    func ids(_ tokens: [String]) -> Set<Int32> { Set(tokens.compactMap(vocabulary.id(of:))) }
    options.addedTokens = beyond
    let isUsual = ids(known + beyond) == ids(options.frameTokens + [options.maskToken] + beyond)
    options.recognizedTokens = isUsual ? nil : known
  }
}
