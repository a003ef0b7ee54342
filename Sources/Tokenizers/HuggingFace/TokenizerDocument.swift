import LatheDiagnostics
import LatheJSON

/// A Hugging Face `tokenizer.json` with a BERT WordPiece tokenizer, to be run and to be written again.
///
/// How long texts may be and how they are padded is said by whoever encodes them; of the file's own settings only what
/// contradicts that is refused.
public struct TokenizerDocument: Sendable {
  /// A larger file is taken for something else.
  public static let maximumBytes = 1 << 26
  private static let vocabularyPath = ["model", "vocab"]

  /// The tokens by id, those that were added to the model's included.
  public let vocabulary: Vocabulary
  /// How texts are read.
  public let options: WordPieceOptions
  /// The length to which the file cuts texts, special tokens included; nil if it leaves them as they are.
  public let maximumLength: Int?

  /// The document with no entries in the vocabulary.
  let document: JSONValue
  /// The vocabulary's entries as they stand in the document.
  let entries: JSONMembers
  /// Whether each element stands on its own line.
  let isPretty: Bool

  /// Whether `bytes` look like a JSON object rather than like a list of tokens.
  public static func isLikely(_ bytes: some Collection<UInt8>) -> Bool {
    let start = bytes.lazy.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }.prefix(2)
    return Array(start) == Array("{\"".utf8) || Array(start) == Array("{}".utf8)
  }

  /// Reads a `tokenizer.json`, which diagnostics call `file`.
  ///
  /// - Throws: `tokenizers/json-unsupported` naming what is not supported, `tokenizers/json-value` naming what is wrong, by the
  ///   keys that lead there.
  public init(_ bytes: [UInt8], file: String? = nil) throws(Diagnostic) {
    guard bytes.count <= Self.maximumBytes else {
      throw .invalid(
        "tokenizers/json-size", "the tokenizer.json has \(bytes.count) bytes, more than \(Self.maximumBytes)",
        at: Location(file: file))
    }
    let parsed = try JSONValue.parse(bytes, membersAt: Self.vocabularyPath, file: file)
    let isPretty = bytes.first { $0 == 0x0A || $0 == UInt8(ascii: "\"") } == 0x0A
    try self.init(parsed.value, parsed.members, isPretty: isPretty, file: file)
  }

  init(_ document: JSONValue, _ entries: JSONMembers?, isPretty: Bool, file: String?) throws(Diagnostic) {
    let root = DocumentValue(document, file: file)
    let model = try DocumentModel(try root.member("model"), entries)
    let added = try AddedTokens(root.optional("added_tokens"), model)
    let tokens = model.vocabulary.tokens + added.beyond
    let vocabulary = added.beyond.isEmpty ? model.vocabulary : try Vocabulary(tokens: tokens)
    var options = try Self.options(root, vocabulary)
    model.set(&options)
    added.set(&options, vocabulary)
    self.vocabulary = vocabulary
    self.options = options
    maximumLength = try Self.truncation(root.optional("truncation"))
    self.document = document
    self.entries = model.entries
    self.isPretty = isPretty
  }

  /// The tokenizer of the file.
  ///
  /// - Throws: when the vocabulary is too large.
  public func tokenizer() throws(Diagnostic) -> WordPieceTokenizer {
    try WordPieceTokenizer(vocabulary: vocabulary, options: options)
  }

  /// The `tokenizer.json`; for one that Hugging Face wrote, byte for byte the same.
  public func serialized() -> String {
    document.serialized(pretty: isPretty, with: entries)
  }
}
