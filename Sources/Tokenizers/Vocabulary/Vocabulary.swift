import LatheDiagnostics
import LatheFiles

/// The tokens of a model, one for each id from 0, as a BERT `vocab.txt` lists them: one a line.
///
/// White space at the end of a line belongs to the file, not to the token; an empty line is an id that no text has. In
/// ERNIE's own files the id follows each token behind a tab. A token that is listed twice has the last of its ids, as in
/// Hugging Face `tokenizers`. Tokens are compared scalar by scalar, not by canonical equivalence.
public struct Vocabulary: Sendable {
  /// A larger file is taken for something else.
  public static let maximumBytes = 1 << 23

  /// The file itself, to be written again unchanged.
  public let bytes: [UInt8]
  /// The tokens by id, repeated ones included.
  public let tokens: [String]
  private let isNumbered: Bool
  private let ids: [ExactText: Int32]

  /// How many ids there are.
  public var count: Int { tokens.count }

  /// Reads the lines of `bytes`, which diagnostics call `file`.
  public init(_ bytes: [UInt8], file: String? = nil) throws(Diagnostic) {
    guard bytes.count <= Self.maximumBytes else {
      throw .invalid(
        "tokenizers/vocabulary-size", "the vocabulary has \(bytes.count) bytes, more than \(Self.maximumBytes)",
        at: Location(file: file), fix: "give a vocab.txt with one token a line")
    }
    let lines = try VocabularyLines(of: bytes, file: file)
    let tokens = lines.tokens
    guard !tokens.isEmpty else {
      throw .invalid(
        "tokenizers/vocabulary-empty", "the vocabulary has no tokens", at: Location(file: file),
        fix: "give a vocab.txt with one token a line")
    }
    self.bytes = bytes
    self.tokens = tokens
    isNumbered = lines.isNumbered
    var ids: [ExactText: Int32] = [:]
    ids.reserveCapacity(tokens.count)
    for (id, token) in tokens.enumerated() { ids[ExactText(token)] = Int32(clamping: id) }
    self.ids = ids
  }

  /// Reads the vocabulary file at `path`.
  ///
  /// - Throws: `file/missing` (exit code 66) when it cannot be read.
  public init(fileAt path: String) throws(Diagnostic) {
    try self.init(try InputFile.bytes(of: path, maximumBytes: Self.maximumBytes), file: path)
  }

  /// The vocabulary of `tokens`, whose `bytes` are those tokens, each followed by a line feed.
  ///
  /// - Throws: when a token would not come back from such a file: one with a line feed or tab, or with white space at its end.
  public init(tokens: [String]) throws(Diagnostic) {
    for (id, token) in tokens.enumerated() where !VocabularyLines.canHold(token) {
      throw .invalid(
        "tokenizers/vocabulary-token",
        "token \(id) has a line feed or tab, or ends in white space: \(token.debugDescription)",
        fix: "remove the token: a vocabulary holds one token a line")
    }
    try self.init(VocabularyLines.bytes(of: tokens, isNumbered: false))
  }

  /// The vocabulary of the tokens that have `ids`, which become 0, 1, 2, … in their order, as a file of the same form.
  ///
  /// - Throws: when there is no such id, when none is kept, or when a token holds a tab.
  public func keeping(_ ids: [Int32]) throws(Diagnostic) -> Vocabulary {
    var kept: [String] = []
    for id in ids {
      guard let token = token(id) else {
        throw .invalid("tokenizers/kept-id", "the vocabulary has \(count) ids and no id \(id), which is to be kept")
      }
      kept.append(token)
    }
    guard isNumbered else { return try Vocabulary(tokens: kept) }
    return try Vocabulary(VocabularyLines.bytes(of: kept, isNumbered: true))
  }

  /// The id of `token`, the last one if it is listed twice, or nil if it is not listed.
  public func id(of token: String) -> Int32? {
    ids[ExactText(token)]
  }

  /// The token that has `id`, or nil if none has.
  public func token(_ id: Int32) -> String? {
    tokens.indices.contains(Int(id)) ? tokens[Int(id)] : nil
  }
}

extension Vocabulary: Hashable {
  /// Whether both have the same file.
  public static func == (left: Vocabulary, right: Vocabulary) -> Bool { left.bytes == right.bytes }

  /// Hashes the file.
  public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

/// A text that equals only the same scalars, where `String` also equals canonically equivalent ones.
private struct ExactText: Hashable {
  let text: String

  init(_ text: String) {
    self.text = text
  }

  static func == (left: ExactText, right: ExactText) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
