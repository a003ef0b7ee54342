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

  private let basic: BasicTokenization
  private let trie: MatchingTrie

  /// A tokenizer for `vocabulary`.
  ///
  /// - Throws: when the vocabulary lacks one of the special tokens (other than the mask), naming it.
  public init(vocabulary: Vocabulary, options: WordPieceOptions = WordPieceOptions()) throws(Diagnostic) {
    unknownID = try Self.specialID(options.unknownToken, "unknown", in: vocabulary)
    classID = try Self.specialID(options.classToken, "class", in: vocabulary)
    separatorID = try Self.specialID(options.separatorToken, "separator", in: vocabulary)
    paddingID = try Self.specialID(options.paddingToken, "padding", in: vocabulary)
    var specials = [
      (options.unknownToken, unknownID), (options.classToken, classID), (options.separatorToken, separatorID),
      (options.paddingToken, paddingID),
    ]
    if let maskID = vocabulary.id(of: options.maskToken), !options.maskToken.isEmpty {
      specials.append((options.maskToken, maskID))
    }
    let trie = MatchingTrie(
      vocabulary, prefix: options.continuingPrefix, maximumScalars: max(options.maximumInputCharactersPerWord, 0))
    guard let trie else {
      throw .invalid(
        "tokenizers/vocabulary-size", "the vocabulary's tokens are more than a tokenizer can hold",
        fix: "give a vocab.txt with one token a line")
    }
    self.vocabulary = vocabulary
    self.options = options
    self.trie = trie
    basic = BasicTokenization(options, specials: specials)
  }

  private static func specialID(_ token: String, _ role: String, in vocabulary: Vocabulary) throws(Diagnostic) -> Int32
  {
    if !token.isEmpty, let id = vocabulary.id(of: token) { return id }
    throw .invalid(
      "tokenizers/special-token",
      "the vocabulary has no \(token.isEmpty ? "empty token" : token) for the \(role) token",
      fix: "give the model's own vocab.txt, or name the \(role) token it uses")
  }

  /// The ids of the pieces of `text`, without the special tokens that frame it.
  public func encode(_ text: String) -> [Int32] {
    pieces(of: text, limit: .max)
  }

  /// The ids of `[CLS] text [SEP]`, of which the text loses its end if they are more than `maximumLength`.
  ///
  /// - Throws: when `maximumLength` has no room for the two special tokens.
  public func encode(_ text: String, maximumLength: Int) throws(Diagnostic) -> [Int32] {
    let room = try Self.room(in: maximumLength, besides: 2)
    return [classID] + pieces(of: text, limit: room).prefix(room) + [separatorID]
  }

  /// The ids of `[CLS] first [SEP] second [SEP]`; if they are more than `maximumLength`, the longer text loses its end
  /// first, and both keep half when both are longer than that.
  ///
  /// - Throws: when `maximumLength` has no room for the three special tokens.
  public func encode(_ first: String, _ second: String, maximumLength: Int) throws(Diagnostic) -> EncodedPair {
    let room = try Self.room(in: maximumLength, besides: 3)
    let pieces = (pieces(of: first, limit: .max), pieces(of: second, limit: .max))
    let kept = Self.longestFirst(pieces.0.count, pieces.1.count, room: room)
    let head = [classID] + pieces.0.prefix(kept.0) + [separatorID]
    let tail = pieces.1.prefix(kept.1) + [separatorID]
    let segments = Array(repeating: Int32(0), count: head.count) + Array(repeating: Int32(1), count: tail.count)
    return EncodedPair(ids: head + tail, segmentIDs: segments)
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

  private func pieces(of text: String, limit: Int) -> [Int32] {
    trie.withWalker { walker in
      var sink = PieceSink(
        walker, unknown: unknownID, maximumScalars: options.maximumInputCharactersPerWord, limit: limit)
      defer { sink.deallocate() }
      basic.scan(text, into: &sink)
      return Array(sink.ids.ids)
    }
  }

  private static func room(in maximumLength: Int, besides specials: Int) throws(Diagnostic) -> Int {
    guard maximumLength >= specials else {
      throw Diagnostic(
        "tokenizers/maximum-length", .usage,
        "a maximum length of \(maximumLength) has no room for the \(specials) special tokens",
        fix: "choose a maximum length of at least \(specials)")
    }
    return maximumLength - specials
  }

  private static func longestFirst(_ first: Int, _ second: Int, room: Int) -> (Int, Int) {
    if first <= room, second <= room - first { return (first, second) }
    let shorter = min(first, second)
    let kept = shorter <= room / 2 ? (shorter, room - shorter) : (room / 2, room - room / 2)
    return first > second ? (kept.1, kept.0) : kept
  }
}
