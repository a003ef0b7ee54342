import LatheDiagnostics
import LatheIR
import LatheTokenizers

extension TokenizerSettings {
  /// The tokenizer of `text`.
  ///
  /// - Throws: `samples/no-vocabulary` if the model came without one, and `tokenizers/…`.
  public static func tokenizer(for text: TextAssets?) throws(Diagnostic) -> WordPieceTokenizer {
    guard let text, !text.vocabulary.isEmpty else {
      throw .invalid(
        "samples/no-vocabulary", "the samples are texts, but the model has no vocabulary to tokenize them with",
        fix: "give the model's vocabulary with --vocab FILE")
    }
    return try tokenizer(text.vocabulary, text.tokenizerOptions)
  }
}
