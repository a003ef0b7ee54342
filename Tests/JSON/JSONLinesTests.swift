import LatheDiagnostics
import LatheJSON
import Testing

@Suite struct JSONLinesTests {
  @Test func blankLinesAreSkippedAndCounted() throws {
    var lines = JSONLines(Array("1\n\n \t\r\n{\"a\":2}\r\n\n[3]".utf8))
    var found: [JSONLines.Line] = []
    while let line = try lines.next() { found.append(line) }
    #expect(found.map(\.number) == [1, 4, 6])
    #expect(found.map(\.value) == [1, ["a": 2], [3]])
  }

  @Test(arguments: ["", "\n", "\n\n \n"]) func nothingInNothing(_ text: String) throws {
    var lines = JSONLines(Array(text.utf8))
    #expect(try lines.next() == nil)
  }

  @Test func aBadLineIsNamedAndTheNextStillRead() throws {
    var lines = JSONLines(Array("{}\n{\"a\": tru}\n{} {}\n4".utf8), file: "s.jsonl")
    #expect(try lines.next()?.value == [:])
    let literal = try #require(throws: Diagnostic.self) { try lines.next() }
    #expect(literal.location == Location(file: "s.jsonl", byteOffset: 9, line: 2, column: 7))
    let second = try #require(throws: Diagnostic.self) { try lines.next() }
    #expect(second.location.line == 3)
    #expect(try lines.next()?.value == 4)
    #expect(try lines.next() == nil)
  }

  @Test func missingFileIsMissingInput() throws {
    let diagnostic = try #require(throws: Diagnostic.self) { _ = try JSONLines(fileAt: "/nonexistent.jsonl") }
    #expect(diagnostic.category == .missingInput)
  }
}
