/// How a BERT WordPiece tokenizer reads text; the defaults are those of Hugging Face `BertWordPieceTokenizer`.
public struct WordPieceOptions: Sendable, Hashable {
  /// Whether letters become lower-case.
  public var lowercase = true
  /// Whether accents are removed (canonical decomposition, then no non-spacing marks); nil means as `lowercase` says.
  public var stripAccents: Bool?
  /// Whether each Chinese character is a word of its own.
  public var handleChineseCharacters = true
  /// Whether control characters are removed and every white space counts as a space.
  public var cleanText = true
  /// What a word becomes that the vocabulary cannot spell.
  public var unknownToken = "[UNK]"
  /// Stands before every text.
  public var classToken = "[CLS]"
  /// Stands behind every text.
  public var separatorToken = "[SEP]"
  /// Fills texts up to a common length.
  public var paddingToken = "[PAD]"
  /// Recognized in text when the vocabulary has it.
  public var maskToken = "[MASK]"
  /// Tokens that are recognized in a text as they stand; nil means the special tokens above.
  public var recognizedTokens: [String]?
  /// Further tokens that are recognized so, and that are no pieces of words.
  public var addedTokens: [String] = []
  /// Longer words, in scalars, are unknown.
  public var maximumInputCharactersPerWord = 100
  /// How the vocabulary marks the pieces that go on with a word.
  public var continuingPrefix = "##"

  /// The defaults.
  public init() {}

  /// The special tokens that every vocabulary has to have.
  var frameTokens: [String] { [unknownToken, classToken, separatorToken, paddingToken] }
}
