import LatheDiagnostics
import LatheJSON

// The sections that are the same for every vocabulary.
extension TokenizerDocument {
  static func options(_ root: DocumentValue, _ vocabulary: Vocabulary) throws(Diagnostic) -> WordPieceOptions {
    try checkVersion(root)
    var options = try normalization(root.optional("normalizer"))
    let splitting = try root.member("pre_tokenizer").member("type")
    guard try splitting.string() == "BertPreTokenizer" else {
      throw splitting.unsupported("is \(splitting.shown)", "BertPreTokenizer")
    }
    let frame = try DocumentFrame(try root.member("post_processor"), vocabulary)
    options.classToken = frame.classToken
    options.separatorToken = frame.separatorToken
    options.paddingToken = try padding(root, vocabulary)
    return options
  }

  private static func checkVersion(_ root: DocumentValue) throws(Diagnostic) {
    guard let version = root.optional("version"), try version.string() != "1.0" else { return }
    throw version.unsupported("is \(version.shown)", "\"1.0\"")
  }

  private static func normalization(_ section: DocumentValue?) throws(Diagnostic) -> WordPieceOptions {
    var options = WordPieceOptions()
    guard let section else {
      options.lowercase = false
      options.handleChineseCharacters = false
      options.cleanText = false
      return options
    }
    let type = try section.member("type")
    guard try type.string() == "BertNormalizer" else { throw type.unsupported("is \(type.shown)", "BertNormalizer") }
    options.lowercase = try section.member("lowercase").truth()
    options.stripAccents = try section.optional("strip_accents")?.truth()
    options.handleChineseCharacters = try section.member("handle_chinese_chars").truth()
    options.cleanText = try section.member("clean_text").truth()
    return options
  }

  /// The token that fills texts up: what the section says, or else the usual one.
  private static func padding(_ root: DocumentValue, _ vocabulary: Vocabulary) throws(Diagnostic) -> String {
    guard let section = root.optional("padding") else {
      if let token = ["[PAD]", "<pad>"].first(where: { vocabulary.id(of: $0) != nil }) { return token }
      throw root.fault("padding is null, and model.vocab has neither [PAD] nor <pad>")
    }
    try checkDirection(section.optional("direction"))
    let segment = try section.member("pad_type_id")
    guard try segment.count() == 0 else { throw segment.unsupported("is \(segment.shown)", "0") }
    let token = try section.member("pad_token")
    let id = try section.member("pad_id")
    guard vocabulary.id(of: try token.string()) == (try id.id()) else {
      throw id.fault("is \(id.shown), which is not the id of \(token.shown)")
    }
    return try token.string()
  }

  /// How long texts may be.
  static func truncation(_ section: DocumentValue?) throws(Diagnostic) -> Int? {
    guard let section else { return nil }
    try checkDirection(section.optional("direction"))
    let strategy = try section.member("strategy")
    guard try strategy.string() == "LongestFirst" else {
      throw strategy.unsupported("is \(strategy.shown)", "LongestFirst")
    }
    return try section.member("max_length").count()
  }

  private static func checkDirection(_ direction: DocumentValue?) throws(Diagnostic) {
    guard let direction, try direction.string() != "Right" else { return }
    throw direction.unsupported("is \(direction.shown)", "Right")
  }
}
