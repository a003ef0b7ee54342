import LatheDiagnostics
import LatheJSON
import LatheTokenizers
import OrderedCollections

/// What a `tokenizer_config.json` says beside a `vocab.txt`.
struct TokenizerConfiguration {
  private static let wordPieceClasses = ["bert", "distilbert", "electra", "ernie", "mpnet"].flatMap {
    ["\($0)tokenizer", "\($0)tokenizerfast"]
  }
  private static let tokens: [(key: String, option: any WritableKeyPath<WordPieceOptions, String> & Sendable)] = [
    ("unk_token", \.unknownToken), ("cls_token", \.classToken), ("sep_token", \.separatorToken),
    ("pad_token", \.paddingToken), ("mask_token", \.maskToken),
  ]

  private let values: JSONValue
  private let file: String

  /// - Throws: `weights/tokenizer-config` for anything but an object.
  init(_ values: JSONValue, file: String) throws(Diagnostic) {
    self.values = values
    self.file = file
    guard values.objectValue != nil else {
      throw .invalid(
        "weights/tokenizer-config", "the tokenizer's configuration is \(values.kindDescription), not an object",
        at: Location(file: file))
    }
  }

  /// Reads texts as the configuration says; what is not supported is a warning.
  ///
  /// - Throws: `weights/tokenizer-config` for values of another type, and for special tokens that the vocabulary has not.
  func apply(to tokenizer: inout TokenizerFile) throws(Diagnostic) -> [Diagnostic] {
    if let lowercase = try truth("do_lower_case") { tokenizer.options.lowercase = lowercase }
    if let strips = try truth("strip_accents") { tokenizer.options.stripAccents = strips }
    if let splits = try truth("tokenize_chinese_chars") { tokenizer.options.handleChineseCharacters = splits }
    for (key, option) in Self.tokens {
      guard let token = try token(key) else { continue }
      guard key == "mask_token" || tokenizer.vocabulary.id(of: token) != nil else {
        throw bad(key, "names \(token.prefix(40).debugDescription), which the vocabulary has not")
      }
      tokenizer.options[keyPath: option] = token
    }
    return try unsupported(tokenizer.options).map { key in
      .warning(
        "weights/tokenizer-config",
        "\(key) is \(values[key]?.serialized().prefix(60) ?? "null"), which is not supported: texts may be read otherwise",
        at: Location(file: file), fix: "give a tokenizer.json")
    }
  }

  /// The keys whose values ask for what is not done here.
  private func unsupported(_ options: WordPieceOptions) throws(Diagnostic) -> [String] {
    var keys: [String] = []
    if try truth("do_basic_tokenize") == false { keys.append("do_basic_tokenize") }
    if try truth("split_special_tokens") == true { keys.append("split_special_tokens") }
    for key in ["never_split", "additional_special_tokens"] where values[key]?.arrayValue?.isEmpty == false {
      keys.append(key)
    }
    for key in ["padding_side", "truncation_side"] where values[key].map({ $0 != .string("right") && !$0.isNull }) == true {
      keys.append(key)
    }
    if let name = values["tokenizer_class"]?.stringValue, !Self.wordPieceClasses.contains(name.lowercased()) {
      keys.append("tokenizer_class")
    }
    let specials = Self.tokens.map { options[keyPath: $0.option] }
    let added = values["added_tokens_decoder"]?.objectValue?.values.elements.compactMap { $0["content"]?.stringValue } ?? []
    if !added.allSatisfy(specials.contains) { keys.append("added_tokens_decoder") }
    return keys
  }

  private func truth(_ key: String) throws(Diagnostic) -> Bool? {
    guard let value = values[key], !value.isNull else { return nil }
    guard let truth = value.boolValue else { throw bad(key, "should be true or false, but is \(value.serialized().prefix(60))") }
    return truth
  }

  /// A token, which is written as a text or as an object with its content.
  private func token(_ key: String) throws(Diagnostic) -> String? {
    guard let value = values[key], !value.isNull else { return nil }
    guard let token = value.stringValue ?? value["content"]?.stringValue, !token.isEmpty else {
      throw bad(key, "should be a token, but is \(value.serialized().prefix(60))")
    }
    return token
  }

  private func bad(_ key: String, _ what: String) -> Diagnostic {
    .invalid("weights/tokenizer-config", "\(key) \(what)", at: Location(file: file), fix: "save the tokenizer again, or give a tokenizer.json")
  }
}
