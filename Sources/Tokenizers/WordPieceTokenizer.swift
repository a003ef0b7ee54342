import LatheDiagnostics

/// BERT's tokenizer: basic tokenization, then the greedy longest pieces of each word.
///
/// Gives the ids of Hugging Face `tokenizers`' `BertWordPieceTokenizer`, in time linear in the text. Special tokens
/// that stand in a text as written (`[SEP]`) are recognized there, as that library does.
public struct WordPieceTokenizer: Sendable {
  /// The tokens and their ids.
  public let vocabulary: Vocabulary
  /// How text is read.
  public let options: WordPieceOptions
  /// The id of `options.unknownToken`.
  public let unknownID: Int32
  /// The id of `options.classToken`.
  public let classID: Int32
  /// The id of `options.separatorToken`.
  public let separatorID: Int32
  /// The id of `options.paddingToken`.
  public let paddingID: Int32

  let basic: BasicTokenization
  let trie: MatchingTrie

  /// A tokenizer for `vocabulary`.
  ///
  /// - Throws: when the vocabulary lacks one of the special tokens (other than the mask), naming it.
  public init(vocabulary: Vocabulary, options: WordPieceOptions = WordPieceOptions()) throws(Diagnostic) {
    unknownID = try Self.specialID(options.unknownToken, "unknown", in: vocabulary)
    classID = try Self.specialID(options.classToken, "class", in: vocabulary)
    separatorID = try Self.specialID(options.separatorToken, "separator", in: vocabulary)
    paddingID = try Self.specialID(options.paddingToken, "padding", in: vocabulary)
    let recognized = try Self.recognizedTokens(options, in: vocabulary)
    let selection = PieceSelection(
      prefix: options.continuingPrefix, maximumScalars: max(options.maximumInputCharactersPerWord, 0),
      excluded: Set(options.addedTokens.compactMap(vocabulary.id(of:))))
    guard let trie = MatchingTrie(vocabulary, selection) else {
      throw .invalid(
        "tokenizers/vocabulary-size", "the vocabulary's tokens are more than a tokenizer can hold",
        fix: "give a vocab.txt with one token a line")
    }
    self.vocabulary = vocabulary
    self.options = options
    self.trie = trie
    basic = BasicTokenization(options, specials: SpecialTokens(recognized))
  }

  private static func recognizedTokens(
    _ options: WordPieceOptions, in vocabulary: Vocabulary
  ) throws(Diagnostic) -> [(token: String, id: Int32)] {
    let hasMask = !options.maskToken.isEmpty && vocabulary.id(of: options.maskToken) != nil
    let mask = hasMask ? [options.maskToken] : []
    let names = (options.recognizedTokens ?? options.frameTokens + mask) + options.addedTokens
    var tokens: [(token: String, id: Int32)] = []
    for name in names { tokens.append((name, try specialID(name, "recognized", in: vocabulary))) }
    return tokens
  }

  private static func specialID(_ token: String, _ role: String, in vocabulary: Vocabulary) throws(Diagnostic) -> Int32
  {
    if !token.isEmpty, let id = vocabulary.id(of: token) { return id }
    throw .invalid(
      "tokenizers/special-token",
      "the vocabulary has no \(token.isEmpty ? "empty token" : token) for the \(role) token",
      fix: "give the model's own vocab.txt, or name the \(role) token it uses")
  }

  /// The words that basic tokenization makes of `text`, before they are cut into pieces.
  public func words(of text: String) -> [String] {
    var sink = TextSink()
    basic.scan(text, into: &sink)
    return sink.words
  }

  /// The tokens that have `ids`; an id that no token has is shown as `<id>`.
  public func tokens(of ids: [Int32]) -> [String] {
    ids.map { vocabulary.token($0) ?? "<\($0)>" }
  }
}
