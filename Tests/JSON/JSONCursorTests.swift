import LatheDiagnostics
import LatheJSON
import Testing

/// Walking a text without keeping it.
@Suite struct JSONCursorTests {
  /// Walks an object whose arrays are passed over; the rest become values.
  static func walk(_ text: String, limits: ResourceLimits = ResourceLimits()) throws(Diagnostic) -> [(String, JSONValue)] {
    let bytes = Array(text.utf8)
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(Diagnostic) in
        var cursor = JSONCursor(bytes, file: "f", limits: limits)
        var found: [(String, JSONValue)] = []
        try cursor.object { (cursor, key) throws(Diagnostic) in
          guard key.hasPrefix("skip") else {
            found.append((key, try cursor.value()))
            return
          }
          let range = try cursor.skip()
          found.append((key, .string(String(decoding: bytes[range], as: UTF8.self))))
        }
        try cursor.end()
        return found
      }
    }
    return try result.get()
  }

  @Test func membersAreVisitedInOrder() throws {
    let found = try Self.walk(#" { "a" : 1 , "skip" : [ 1, [true, "]\"\u00e9"] ] ,"é\n":{"b":null}, "skip2": "x\\\"" } "#)
    #expect(found.map(\.0) == ["a", "skip", "é\n", "skip2"])
    #expect(found.map(\.1) == [1, #"[ 1, [true, "]\"\u00e9"] ]"#, ["b": nil], #""x\\\"""#])
    #expect(try Self.walk("{}").isEmpty)
  }

  @Test(
    arguments: [
      ("{\"a\": 1,\n \"a\": 2}", "json/repeated-key", 2), ("{\"a\": 1}\n\n1", "json/syntax", 3), ("{\"a\":\n [01]}", "json/number", 2),
      ("{\"skip\": [1,\n,]}", "json/syntax", 2), ("{\"skip\": {\"a\" 1}}", "json/syntax", 1), ("{\"skip\": {1: 1}}", "json/syntax", 1),
      ("{\"skip\": [1", "json/truncated", 1), ("{\"skip\":", "json/truncated", 1), ("{\"skip\": \"\n\"}", "json/control-character", 1),
      ("{\"skip\": [nan]}", "json/literal", 1), ("{\"skip\": [1,]}", "json/syntax", 1), ("{\"skip\": {\"a\": 1,}}", "json/syntax", 1),
      ("{\"skip\": [\"\u{7F}\\x\"]}", "json/escape", 1), ("{a: 1}", "json/syntax", 1), ("{\"a\": 1 \"b\": 2}", "json/syntax", 1),
    ])
  func faultsHaveTheirPlace(text: String, id: String, line: Int) throws {
    let diagnostic = try #require(throws: Diagnostic.self) { try Self.walk(text) }
    #expect(diagnostic.id == id && diagnostic.location.line == line && diagnostic.location.file == "f", "\(diagnostic)")
  }

  /// Whatever a whole parse refuses, passing over refuses as well.
  @Test(
    arguments: [
      "[1, 2.5e3, -0]", "[]", "{}", "[[], {}]", #"{"a": [1]}"#, "true", "null", #""text \ud83d\ude00""#, "[1 2]", "[1,]", "[,1]", "[", "{", "]", "tru", "1.", "-",
      "+1", "01", "1e", ".5", #""\x""#, #""\ud800""#, "'a'", "[1}", #"{"a"}"#, #"{"a":}"#, "1e999", "\"\u{0}\"", "/* */ 1", "NaN", "",
    ])
  func itIsAsStrictAsAWholeParse(text: String) {
    let whole = Result { () throws(Diagnostic) in try JSONValue.parse("{\"skip\": \(text)}") }
    let walked = Result { () throws(Diagnostic) in try Self.walk("{\"skip\": \(text)}") }
    #expect((try? whole.get()) == nil ? (try? walked.get()) == nil : (try? walked.get()) != nil, "\(text)")
  }

  @Test func elementsAreToldOneByOne() {
    let text = Array(" [1, [-2.5e1 , true],false, \"x\"] ".utf8)
    text.withUnsafeBytes { bytes in
      var elements = JSONElements(bytes, at: 0..<bytes.count)
      var tokens: [JSONElements.Token] = []
      var numbers: [Double] = []
      while let token = elements.next() {
        tokens.append(token)
        if case .number = token { numbers.append(elements.number) }
      }
      #expect(tokens == [.open, .number(at: 2), .open, .number(at: 6), .truth(true), .close, .truth(false), .other])
      #expect(numbers == [1, -25])
    }
  }

  @Test func theReaderIsToldAsItGoes() throws {
    let text = Array("{\"skip\": \"\(String(repeating: "A", count: 5 << 20))\"}".utf8)
    final class Counter { var count = 0 }
    let counter = Counter()
    try text.withUnsafeBytes { bytes in
      var cursor = JSONCursor(bytes) { counter.count += 1 }
      try cursor.object { (cursor, _) throws(Diagnostic) in _ = try cursor.skip() }
    }
    #expect(counter.count >= 4)
  }
}
