import LatheDiagnostics
import LatheFiles

/// A file that describes a WordPiece tokenizer: a `vocab.txt` or a Hugging Face `tokenizer.json`, known by its content.
public struct TokenizerFile: Sendable {
  /// The tokens by id.
  public let vocabulary: Vocabulary
  /// How texts are read; for a `vocab.txt`, which does not say, the defaults.
  public var options: WordPieceOptions
  /// Whether the file says how texts are read.
  public let isComplete: Bool

  /// Reads the file at `path`.
  ///
  /// - Throws: `file/missing` (exit code 66) when it cannot be read; otherwise what `Vocabulary` and `TokenizerDocument` find.
  public init(at path: String) throws(Diagnostic) {
    let bytes = try InputFile.bytes(of: path, maximumBytes: TokenizerDocument.maximumBytes)
    isComplete = TokenizerDocument.isLikely(bytes)
    guard isComplete else {
      vocabulary = try Vocabulary(bytes, file: path)
      options = WordPieceOptions()
      return
    }
    let document = try TokenizerDocument(bytes, file: path)
    vocabulary = document.vocabulary
    options = document.options
  }
}
