import LatheDiagnostics
import LatheIR
import LatheTokenizers
import OrderedCollections

/// The tokenizer that a model's text assets describe.
enum TokenizerSettings {
  /// - Throws: `samples/no-vocabulary` if the model came without one, `samples/tokenizer-option` for a setting that is unknown.
  static func tokenizer(for text: TextAssets?) throws(Diagnostic) -> WordPieceTokenizer {
    guard let text, !text.vocabulary.isEmpty else {
      throw .invalid(
        "samples/no-vocabulary", "the samples are texts, but the model has no vocabulary to tokenize them with",
        fix: "give the model's vocabulary with --vocab FILE")
    }
    var options = WordPieceOptions()
    for (name, value) in text.tokenizerOptions { try set(name, value, &options) }
    return try WordPieceTokenizer(vocabulary: try Vocabulary(text.vocabulary), options: options)
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
    case "continuingPrefix": options.continuingPrefix = value
    case "maximumInputCharactersPerWord":
      guard let number = Int(value), number > 0 else { throw bad(name, value) }
      options.maximumInputCharactersPerWord = number
    default: throw bad(name, value)
    }
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
