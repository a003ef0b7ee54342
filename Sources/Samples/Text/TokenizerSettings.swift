import LatheDiagnostics
import LatheIR
import LatheTokenizers
import OrderedCollections

/// The tokenizer that a model's text assets describe.
enum TokenizerSettings {
  /// - Throws: `samples/no-vocabulary` if the model came without one, `tokenizers/option` for a setting that is unknown.
  static func tokenizer(for text: TextAssets?) throws(Diagnostic) -> WordPieceTokenizer {
    guard let text, !text.vocabulary.isEmpty else {
      throw .invalid(
        "samples/no-vocabulary", "the samples are texts, but the model has no vocabulary to tokenize them with",
        fix: "give the model's vocabulary with --vocab FILE")
    }
    let options = try WordPieceOptions(settings: text.tokenizerOptions.map { ($0.key, $0.value) })
    return try WordPieceTokenizer(vocabulary: try Vocabulary(text.vocabulary), options: options)
  }
}
