import LatheDiagnostics
import LatheTokenizers
import Testing

@Suite struct VocabularyTests {
  @Test(arguments: ["a\nb\n", "a\nb", "a\r\nb\r\n", "a \nb\t\u{3000}\n"])
  func linesAreTokens(_ text: String) throws {
    let vocabulary = try Vocabulary(Array(text.utf8))
    #expect(vocabulary.tokens == ["a", "b"] && vocabulary.count == 2)
    #expect(vocabulary.bytes == Array(text.utf8))
    #expect(vocabulary.id(of: "b") == 1 && vocabulary.id(of: "c") == nil)
    #expect(vocabulary.token(0) == "a" && vocabulary.token(2) == nil && vocabulary.token(-1) == nil)
  }

  @Test func aRepeatedTokenHasItsLastID() throws {
    let vocabulary = try Vocabulary(tokens: ["a", "b", "a", "", "c"])
    #expect(vocabulary.id(of: "a") == 2 && vocabulary.token(0) == "a" && vocabulary.id(of: "c") == 4)
  }

  @Test func canonicallyEquivalentTokensAreDifferent() throws {
    let vocabulary = try Vocabulary(tokens: ["\u{E9}", "e\u{301}"])
    #expect(vocabulary.id(of: "\u{E9}") == 0 && vocabulary.id(of: "e\u{301}") == 1)
  }

  @Test func tokensAreWrittenOneALine() throws {
    let vocabulary = try Vocabulary(tokens: ["x", "##y", "é"])
    #expect(vocabulary.bytes == Array("x\n##y\né\n".utf8))
    #expect(try Vocabulary(vocabulary.bytes) == vocabulary)
  }

  @Test(arguments: ["a\nb", "a ", "a\r", "\u{3000}", "a\tb"]) func tokensThatWouldNotComeBackAreRefused(_ token: String) {
    #expect(throws: Diagnostic.self) { try Vocabulary(tokens: ["x", token]) }
  }

  @Test func badBytesAreNamed() throws {
    let empty = try #require(throws: Diagnostic.self) { try Vocabulary([], file: "v.txt") }
    #expect(empty.id == "tokenizers/vocabulary-empty" && empty.location.file == "v.txt")
    let broken = try #require(throws: Diagnostic.self) { try Vocabulary(Array("a\nb\n".utf8) + [0xC3, 0x28, 0x0A]) }
    #expect(broken.location.line == 3 && broken.location.byteOffset == 4)
    let huge = try #require(throws: Diagnostic.self) { try Vocabulary(Array(repeating: 0x0A, count: 1 << 25)) }
    #expect(huge.category == .invalidInput)
    let missing = try #require(throws: Diagnostic.self) { try Vocabulary(fileAt: "/nonexistent/vocab.txt") }
    #expect(missing.category == .missingInput)
  }

  @Test func numberedLinesAreTokens() throws {
    let file = "[PAD]\t0\n，\t1\r\na\t2\n\t3\n"
    let vocabulary = try Vocabulary(Array(file.utf8))
    #expect(vocabulary.tokens == ["[PAD]", "，", "a", ""] && vocabulary.bytes == Array(file.utf8))
    #expect(try vocabulary.keeping([0, 2]).bytes == Array("[PAD]\t0\na\t1\n".utf8))
    let plain = try Vocabulary(Array("a\tb\nc\t1\n".utf8))
    #expect(plain.tokens == ["a\tb", "c\t1"])
  }

  @Test(arguments: ["a\t0\nb", "a\t0\nb\t2", "a\t0\n\n", "a\t0\nb\t-1", "a\t0\nb\t99999999999999999999"])
  func wrongNumbersAreNamed(_ file: String) throws {
    let fault = try #require(throws: Diagnostic.self) { try Vocabulary(Array(file.utf8), file: "v.txt") }
    #expect(fault.id == "tokenizers/vocabulary-columns" && fault.location.line == 2 && fault.location.file == "v.txt")
  }

  @Test func tokensAreKeptInTheOrderThatIsAskedFor() throws {
    let vocabulary = try Vocabulary(Array("a\nb\r\nc\n\nd".utf8))
    #expect(try vocabulary.keeping([4, 0, 3, 1]).bytes == Array("d\na\n\nb\n".utf8))
    for ids: [Int32] in [[5], [-1], []] { #expect(throws: Diagnostic.self) { try vocabulary.keeping(ids) } }
  }
}
