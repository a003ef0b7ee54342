import LatheDiagnostics
import LatheIR
import LatheTokenizers
import OrderedCollections

/// The tokenizer that a model's text assets describe.
public enum TokenizerSettings {
  /// The tokenizer of `text`.
  ///
  /// - Throws: `samples/no-vocabulary` if the model came without one, `samples/tokenizer-option` for a setting that is unknown.
  public static func tokenizer(for text: TextAssets?) throws(Diagnostic) -> WordPieceTokenizer {
    guard let text, !text.vocabulary.isEmpty else {
      throw .invalid(
        "samples/no-vocabulary", "the samples are texts, but the model has no vocabulary to tokenize them with",
        fix: "give the model's vocabulary with --vocab FILE")
    }
    var options = WordPieceOptions()
    for (name, value) in text.tokenizerOptions { try set(name, value, &options) }
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

  private static func set(_ name: String, _ value: String, _ options: inout WordPieceOptions) throws(Diagnostic) {
    switch name {
    case "lowercase": options.lowercase = try truth(name, value)
    case "stripAccents": options.stripAccents = try truth(name, value)
    case "handleChineseCharacters": options.handleChineseCharacters = try truth(name, value)
    case "cleanText": options.cleanText = try truth(name, value)
    case "unknownToken": options.unknownToken = value
    case "classToken": options.classToken = value
    case "separatorToken": options.separatorToken = value
    case "paddingToken": options.paddingToken = value
    case "maskToken": options.maskToken = value
    case "recognizedTokens": options.recognizedTokens = tokens(value)
    case "addedTokens": options.addedTokens = tokens(value)
    case "continuingPrefix": options.continuingPrefix = value
    case "maximumInputCharactersPerWord":
      guard let number = Int(value), number >= 0 else { throw bad(name, value) }
      options.maximumInputCharactersPerWord = number
    default: throw bad(name, value)
    }
  }

  /// Tokens a line, which is what a vocabulary can hold.
  private static func tokens(_ value: String) -> [String] {
    value.isEmpty ? [] : value.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
  }

  private static func truth(_ name: String, _ value: String) throws(Diagnostic) -> Bool {
    guard let truth = Bool(value) else { throw bad(name, value) }
    return truth
  }

  private static func bad(_ name: String, _ value: String) -> Diagnostic {
    .invalid(
      "samples/tokenizer-option",
      "the model's tokenizer option \(name) = \(value.prefix(40).debugDescription) is not understood",
      fix: "convert the model again, with options that this version knows")
  }
}
