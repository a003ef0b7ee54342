import LatheDiagnostics

extension WordPieceOptions {
  /// The defaults with settings by name, as models carry them.
  ///
  /// - Throws: `tokenizers/option` for a setting that is unknown.
  public init(settings: some Sequence<(key: String, value: String)>) throws(Diagnostic) {
    self.init()
    for (name, value) in settings { try set(name, value) }
  }

  private mutating func set(_ name: String, _ value: String) throws(Diagnostic) {
    switch name {
    case "lowercase": lowercase = try Self.truth(name, value)
    case "stripAccents": stripAccents = try Self.truth(name, value)
    case "handleChineseCharacters": handleChineseCharacters = try Self.truth(name, value)
    case "cleanText": cleanText = try Self.truth(name, value)
    case "unknownToken": unknownToken = value
    case "classToken": classToken = value
    case "separatorToken": separatorToken = value
    case "paddingToken": paddingToken = value
    case "maskToken": maskToken = value
    case "recognizedTokens": recognizedTokens = Self.tokens(value)
    case "addedTokens": addedTokens = Self.tokens(value)
    case "continuingPrefix": continuingPrefix = value
    case "maximumInputCharactersPerWord":
      guard let number = Int(value), number >= 0 else { throw Self.bad(name, value) }
      maximumInputCharactersPerWord = number
    // Says something of the model, not of the tokenizer.
    case "maximumLength": guard let number = Int(value), number >= 2 else { throw Self.bad(name, value) }
    default: throw Self.bad(name, value)
    }
  }

  /// Tokens a line, which is what a vocabulary can hold.
  private static func tokens(_ value: String) -> [String] {
    value.isEmpty ? [] : value.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
  }

  private static func truth(_ name: String, _ value: String) throws(Diagnostic) -> Bool {
    guard let truth = Bool(value) else { throw bad(name, value) }
    return truth
  }

  private static func bad(_ name: String, _ value: String) -> Diagnostic {
    .invalid(
      "tokenizers/option", "the model's tokenizer option \(name) = \(value.prefix(40).debugDescription) is not understood",
      fix: "convert the model again, with options that this version knows")
  }
}
