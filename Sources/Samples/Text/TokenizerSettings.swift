import LatheDiagnostics
import LatheIR
import LatheTokenizers
import OrderedCollections

/// The tokenizer that a model's text assets describe.
public enum TokenizerSettings {
  /// The tokenizer of `text`.
  ///
  /// - Throws: `samples/no-vocabulary` if the model came without one, `tokenizers/option` for a setting that is unknown.
  public static func tokenizer(for text: TextAssets?) throws(Diagnostic) -> WordPieceTokenizer {
    guard let text, !text.vocabulary.isEmpty else {
      throw .invalid(
        "samples/no-vocabulary", "the samples are texts, but the model has no vocabulary to tokenize them with",
        fix: "give the model's vocabulary with --vocab FILE")
    }
    let options = try WordPieceOptions(settings: text.tokenizerOptions.map { ($0.key, $0.value) })
    return try WordPieceTokenizer(vocabulary: try Vocabulary(text.vocabulary), options: options)
  }

  /// The settings of `options` that differ from the defaults, as text assets hold them.
  public static func settings(of options: WordPieceOptions) -> OrderedDictionary<String, String> {
    let defaults = WordPieceOptions()
    var settings: OrderedDictionary<String, String> = [:]
    func put<Value: Equatable>(_ name: String, _ option: KeyPath<WordPieceOptions, Value>, _ text: (Value) -> String?) {
      if options[keyPath: option] != defaults[keyPath: option] { settings[name] = text(options[keyPath: option]) }
    }
    put("lowercase", \.lowercase) { String($0) }
    put("stripAccents", \.stripAccents) { $0.map { String($0) } }
    put("handleChineseCharacters", \.handleChineseCharacters) { String($0) }
    put("cleanText", \.cleanText) { String($0) }
    put("unknownToken", \.unknownToken) { $0 }
    put("classToken", \.classToken) { $0 }
    put("separatorToken", \.separatorToken) { $0 }
    put("paddingToken", \.paddingToken) { $0 }
    put("maskToken", \.maskToken) { $0 }
    put("recognizedTokens", \.recognizedTokens) { $0?.joined(separator: "\n") }
    put("addedTokens", \.addedTokens) { $0.joined(separator: "\n") }
    put("continuingPrefix", \.continuingPrefix) { $0 }
    put("maximumInputCharactersPerWord", \.maximumInputCharactersPerWord) { String($0) }
    return settings
  }
}
