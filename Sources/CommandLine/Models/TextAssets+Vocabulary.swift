import LatheDiagnostics
import LatheIR
import LatheTokenizers

extension TextAssets {
  /// The assets with what they lack taken from `other`: the vocabulary with how texts are read by it, the labels, and the bound on tokens.
  func filled(from other: TextAssets) -> TextAssets {
    var assets = self
    if vocabulary.isEmpty {
      (assets.vocabulary, assets.tokenizerOptions) = (other.vocabulary, other.tokenizerOptions)
      assets.maximumLength = maximumLength ?? other.maximumLength
    }
    if labels.isEmpty { assets.labels = other.labels }
    return assets
  }

  /// The assets with the vocabulary of a `vocab.txt` or `tokenizer.json`; the latter says as well how texts are read.
  ///
  /// - Throws: the reader's diagnostics.
  func reading(vocabularyAt path: String) throws(Diagnostic) -> TextAssets {
    let tokenizer = try TokenizerFile(at: path)
    var assets = self
    assets.vocabulary = tokenizer.vocabulary.bytes
    if tokenizer.isComplete { assets.read(as: tokenizer.options) }
    return assets
  }

  /// Takes over how texts are read; the model's bound of their length stays.
  mutating func read(as options: WordPieceOptions) {
    let bound = maximumLength
    tokenizerOptions = TokenizerSettings.settings(of: options)
    maximumLength = bound
  }
}
