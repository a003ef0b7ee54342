import LatheDiagnostics
import LatheJSON
import LatheTokenizers
import Testing

/// `tokenizer.json` files against what Hugging Face `tokenizers` made of them in `make_tokenizers.py`.
@Suite struct TokenizerDocumentTests {
  /// A case of the script.
  struct Case: Sendable, CustomTestStringConvertible {
    let value: JSONValue
    let texts: [String]
    let pairs: [[String]]

    var testDescription: String { text("name") }

    func text(_ key: String) -> String { value[key]?.stringValue ?? "" }

    func ids(_ key: String) throws -> [[Int32]] {
      try #require(value[key]?.arrayValue).map { try #require($0.ids) }
    }

    func document(_ key: String = "file") throws -> TokenizerDocument { try TokenizerDocument(Array(text(key).utf8)) }
  }

  static let cases: [Case] = {
    guard let data = try? Expectations.read("tokenizers"), let texts = data["texts"]?.strings else { return [] }
    let pairs = data["pairs"]?.arrayValue?.compactMap(\.strings) ?? []
    return (data["cases"]?.arrayValue ?? []).map { Case(value: $0, texts: texts, pairs: pairs) }
  }()

  @Test func thereAreCases() {
    #expect(Self.cases.count >= 14)
  }

  @Test(arguments: cases) func idsAreThoseOfTheLibrary(_ test: Case) throws {
    let document = try test.document()
    let tokenizer = try document.tokenizer()
    #expect(document.maximumLength == test.value["maximumLength"]?.intValue)
    let length = document.maximumLength ?? .max
    #expect(try tokenizer.encode(test.texts) == test.ids("bare"))
    #expect(try tokenizer.encode(test.texts, maximumLength: length) == test.ids("framed"))
    for (pair, expected) in zip(test.pairs, try #require(test.value["pairs"]?.arrayValue)) {
      let encoded = try tokenizer.encode(pair[0], pair[1], maximumLength: length)
      #expect(encoded.ids == expected[0]?.ids && encoded.segmentIDs == expected[1]?.ids, "\(pair)")
    }
  }

  @Test(arguments: cases) func aFileIsWrittenAsItWasRead(_ test: Case) throws {
    #expect(try test.document().serialized() == test.text("file"))
  }

  @Test(arguments: cases) func whatIsKeptIsRenumberedEverywhere(_ test: Case) throws {
    let kept = try #require(test.value["kept"]?.ids)
    let left = try test.document().keeping(kept)
    #expect(left.serialized() == test.text("left"))
    #expect(try left.tokenizer().encode(test.texts) == test.ids("leftIDs"))
    #expect(left.vocabulary.tokens == kept.compactMap { try? test.document().vocabulary.token($0) })
  }

  @Test(arguments: cases) func keepingAllChangesNothing(_ test: Case) throws {
    let document = try test.document()
    let all = try document.keeping((0..<Int32(document.vocabulary.count)).map { $0 })
    #expect(all.serialized() == document.serialized() && all.options == document.options)
  }

  @Test func whatCannotBeKeptIsNamed() throws {
    let document = try #require(Self.cases.first).document()
    for (ids, id) in [([0, 1, 2], "special"), ([0, 1, 2, 3, 3], "id"), ([0, 1, 2, 3, 9999], "id"), ([-1], "id"), ([], "special")] {
      let fault = try #require(throws: Diagnostic.self) { try document.keeping(ids.map { Int32($0) }) }
      #expect(fault.id == "tokenizers/kept-\(id)")
    }
  }

  @Test func tokenizersAreKnownByTheirContent() {
    for text in ["{\"a\"", " {\n \"version\"", "{}"] { #expect(TokenizerDocument.isLikely(Array(text.utf8)), "\(text)") }
    for text in ["", "{", "{\n|\n}", "[PAD]\n", "\"\n"] { #expect(!TokenizerDocument.isLikely(Array(text.utf8)), "\(text)") }
  }

  /// A small `tokenizer.json` with one thing replaced.
  static func text(_ old: String = "", _ new: String = "") -> String {
    """
    {"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":0,"content":"[PAD]","single_word":false,"lstrip":false,\
    "rstrip":false,"normalized":false,"special":true}],"normalizer":{"type":"BertNormalizer","clean_text":true,\
    "handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},\
    "post_processor":{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]},"decoder":null,"model":{"type":"WordPiece",\
    "unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,\
    "vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"a":4,"##a":5}}}
    """.replacing(old, with: new)
  }

  @Test func theSmallFileIsRead() throws {
    let document = try TokenizerDocument(Array(Self.text().utf8))
    #expect(try document.tokenizer().encode("A aa [PAD] b", maximumLength: 64) == [2, 4, 4, 5, 0, 1, 3])
    #expect(document.options.recognizedTokens == ["[PAD]"] && document.serialized() == Self.text())
  }

  @Test(arguments: [
    ("\"type\":\"WordPiece\"", "\"type\":\"BPE\"", "model.type is \"BPE\""),
    ("\"type\":\"WordPiece\"", "\"type\":\"Unigram\"", "model.type is \"Unigram\""),
    ("\"type\":\"WordPiece\",", "\"merges\":[],", "model.merges"),
    ("BertNormalizer", "Sequence", "normalizer.type is \"Sequence\""),
    ("BertPreTokenizer", "Whitespace", "pre_tokenizer.type is \"Whitespace\""),
    ("BertProcessing", "RobertaProcessing", "post_processor.type is \"RobertaProcessing\""),
    ("\"normalized\":false", "\"normalized\":true", "added_tokens[0].normalized is true"),
    ("\"single_word\":false", "\"single_word\":true", "added_tokens[0].single_word is true"),
    ("\"id\":0,\"content\":\"[PAD]\"", "\"id\":7,\"content\":\"x\"", "added_tokens[0].id is 7"),
    ("\"content\":\"[PAD]\"", "\"content\":\"x \"", "added_tokens[0].content is"),
    ("\"1.0\"", "\"2.0\"", "version is \"2.0\""),
    (
      "\"truncation\":null", "\"truncation\":{\"direction\":\"Left\",\"max_length\":4,\"strategy\":\"LongestFirst\",\"stride\":0}",
      "truncation.direction is \"Left\""
    ),
    (
      "\"truncation\":null", "\"truncation\":{\"max_length\":4,\"strategy\":\"OnlySecond\",\"stride\":0}",
      "truncation.strategy is \"OnlySecond\""
    ),
    (
      "\"padding\":null", "\"padding\":{\"direction\":\"Left\",\"pad_id\":0,\"pad_type_id\":0,\"pad_token\":\"[PAD]\"}",
      "padding.direction is \"Left\""
    ),
    (
      "\"padding\":null", "\"padding\":{\"direction\":\"Right\",\"pad_id\":0,\"pad_type_id\":1,\"pad_token\":\"[PAD]\"}",
      "padding.pad_type_id is 1"
    ),
    (
      "\"type\":\"BertProcessing\"", "\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"pair\":[]",
      "post_processor.single is something else"
    ),
    ("\"##\"", "\"#\\n\"", "model.continuing_subword_prefix is"),
  ]) func whatIsNotSupportedIsNamed(_ old: String, _ new: String, _ message: String) throws {
    let fault = try #require(throws: Diagnostic.self) { try TokenizerDocument(Array(Self.text(old, new).utf8), file: "t.json") }
    #expect(fault.id == "tokenizers/json-unsupported" && fault.message.hasPrefix(message), "\(fault)")
    #expect(fault.message.hasSuffix("which is not supported") && fault.location.file == "t.json" && !fault.notes.isEmpty)
  }

  @Test(arguments: [
    ("\"model\":{", "\"m\":{", "model is missing"),
    ("\"unk_token\":\"[UNK]\"", "\"unk_token\":null", "model.unk_token is null"),
    ("\"unk_token\":\"[UNK]\"", "\"unk_token\":\"x\"", "model.unk_token is \"x\", which model.vocab lacks"),
    ("\"unk_token\":\"[UNK]\"", "\"unk_token\":[]", "model.unk_token is an array, where a string is expected"),
    ("_per_word\":100", "_per_word\":-1", "model.max_input_chars_per_word is -1"),
    ("_per_word\":100", "_per_word\":1e300", "model.max_input_chars_per_word is"),
    ("\"##a\":5", "\"##a\":4", "model.vocab gives the id 4 to \"a\" and to \"##a\""),
    ("\"##a\":5", "\"##a\":99", "model.vocab has 6 tokens and ids up to 99"),
    ("\"##a\":5", "\"##a\":-5", "model.vocab[\"##a\"] is -5"),
    ("\"##a\":5", "\"##a\":4294967296", "model.vocab[\"##a\"] is 4294967296"),
    ("\"##a\":5", "\"##a\":\"5\"", "model.vocab[\"##a\"] is \"5\""),
    ("{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"a\":4,\"##a\":5}", "{}", "model.vocab is empty"),
    ("{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"a\":4,\"##a\":5}", "[[\"a\",0]]", "model.vocab is an array"),
    ("\"id\":0,", "\"id\":1,", "added_tokens[0].id is 1, and model.vocab gives \"[PAD]\" 0"),
    ("\"id\":0,", "", "added_tokens[0].id is missing"),
    ("\"special\":true}", "\"special\":1}", "added_tokens[0].special is 1, where a truth value is expected"),
    ("[\"[SEP]\",3]", "[\"[SEP]\",2]", "post_processor.sep[1] is 2, which is not the id of \"[SEP]\""),
    ("[\"[SEP]\",3]", "[\"[SEP]\"]", "post_processor.sep is no pair"),
    ("\"post_processor\":{", "\"post_processor\":null,\"p\":{", "post_processor is null"),
    ("\"lowercase\":true", "\"lowercase\":\"yes\"", "normalizer.lowercase is \"yes\", where a truth value is expected"),
    ("[PAD]", "[pad]", "padding is null, and model.vocab has neither [PAD] nor <pad>"),
  ]) func whatIsWrongIsNamedByItsKeys(_ old: String, _ new: String, _ message: String) throws {
    let fault = try #require(throws: Diagnostic.self) { try TokenizerDocument(Array(Self.text(old, new).utf8), file: "t.json") }
    #expect(fault.id == "tokenizers/json-value" && fault.message.hasPrefix(message), "\(fault)")
    #expect(fault.location.file == "t.json")
  }

  @Test func damageNeverCrashes() throws {
    let bytes = Array(Self.text().utf8)
    for _ in 0..<3_000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...3) {
        let place = damaged.indices.randomElement() ?? 0
        switch Int.random(in: 0..<3) {
        case 0: damaged[place] = UInt8.random(in: 0x20...0x7E)
        case 1: damaged.remove(at: place)
        default: damaged.insert(bytes.randomElement() ?? 0, at: place)
        }
      }
      guard let document = try? TokenizerDocument(damaged) else { continue }
      let ids = try document.tokenizer().encode("a aa b [PAD] é")
      #expect(ids.allSatisfy { document.vocabulary.token($0) != nil })
      _ = try? document.keeping([0, 1, 2, 3, 4])
    }
  }

  @Test func hugeFilesAreRefused() throws {
    let fault = try #require(throws: Diagnostic.self) {
      try TokenizerDocument(Array(repeating: 0x20, count: TokenizerDocument.maximumBytes + 1))
    }
    #expect(fault.id == "tokenizers/json-size")
  }
}
