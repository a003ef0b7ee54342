import LatheDiagnostics
import OrderedCollections

/// Tokenizers as models hold them: a vocabulary's bytes, and settings by name.
public enum TokenizerSettings {
  /// The tokenizer of a vocabulary, a token a line, with these settings.
  ///
  /// - Throws: `tokenizers/…` for a vocabulary that makes no tokenizer, and `tokenizers/option` for a setting that is unknown.
  public static func tokenizer(
    _ vocabulary: [UInt8], _ settings: OrderedDictionary<String, String>
  ) throws(Diagnostic) -> WordPieceTokenizer {
    let options = try WordPieceOptions(settings: settings.map { ($0.key, $0.value) })
    return try WordPieceTokenizer(vocabulary: try Vocabulary(vocabulary), options: options)
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
