import LatheDiagnostics
import LatheJSON
import Testing

@Suite struct ParsingTests {
  static let accepted: [(String, JSONValue)] = [
    ("null", nil), (" \t\r\n true \n", true), ("false", false),
    ("0", 0), ("-1", -1), ("120", 120), ("0.5", 0.5), ("1e3", 1000.0), ("1E+02", 100.0), ("1.25e-2", 0.0125),
    ("-0", .number(-0.0)), ("-0.0", .number(-0.0)), ("[-0]", [.number(-0.0)]),
    ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
    ("9223372036854775808", .number(9223372036854775808)), ("-9223372036854775809", .number(-9223372036854775808)),
    ("18446744073709551615", .number(18446744073709551616)), ("[100000000000000000000, 1]", [.number(1e20), 1]),
    (
      #"{"a":123456789012345678901234567890,"b":[99999999999999999999]}"#,
      ["a": .number(1.2345678901234568e29), "b": [.number(1e20)]]
    ),
    ("1e-400", 0.0), ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
    ("5e-324", .number(.leastNonzeroMagnitude)),
    (#""""#, ""), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{C}\n\r\tz"), (#""\u00e9\u20AC""#, "é€"),
    (#""\ud83d\ude00""#, "😀"), (#"{"\uda77\udcf1":"a\ud836\udc00"}"#, ["\u{ADCF1}": "a\u{1D800}"]),
    (#""x\u0000y""#, "x\u{0}y"), ("\"é€😀\u{7F}\"", "é€😀\u{7F}"),
    ("[]", []), ("{}", [:]), ("[ 1 , [ ] , { } ]", [1, [], [:]]),
    (#"{"b":1,"a":{"":null}}"#, ["b": 1, "a": ["": nil]]), (#"{"a":{"a":{"a":1}}}"#, ["a": ["a": ["a": 1]]]),
    (#"{"a:b\"":"c:d"}"#, ["a:b\"": "c:d"]),
  ]

  @Test(arguments: accepted) func accepts(_ text: String, _ value: JSONValue) throws {
    let parsed = try JSONValue.parse(text)
    #expect(parsed == value)
    if case .number(let number) = parsed, case .number(let wanted) = value { #expect(number.sign == wanted.sign) }
  }

  static let refused: [(String, String)] = [
    ("", "empty"), (" \n", "empty"), ("[", "truncated"), ("{", "truncated"), ("[1,", "truncated"),
    (#"{"a":"#, "truncated"),
    (#"{"a""#, "truncated"), ("[1,]", "syntax"), ("[,1]", "syntax"), ("[1 2]", "syntax"), ("[1,,2]", "syntax"),
    (#"{"a":1,}"#, "syntax"), (#"{,"a":1}"#, "syntax"), (#"{"a" 1}"#, "syntax"), (#"{"a":1 "b":2}"#, "syntax"),
    ("{1:2}", "syntax"), ("{a:1}", "literal"), ("]", "syntax"), ("[1]]", "syntax"), ("1 2", "syntax"),
    ("[1}", "syntax"),
    (#"{"a":1]"#, "syntax"), ("[1]x", "literal"), ("[1:2]", "syntax"), ("{}{}", "syntax"),
    ("99999999999999999999 1", "syntax"),
    ("99999999999999999999]", "syntax"), (",", "syntax"), (":", "syntax"), (#"["a":1]"#, "syntax"),
    (#"{"a"}"#, "syntax"),
    ("True", "literal"), ("nul", "literal"), ("truex", "literal"), ("NaN", "literal"), ("Infinity", "literal"),
    ("-Infinity", "number"), ("-NaN", "number"), ("undefined", "literal"),
    ("01", "number"), ("-01", "number"), ("00", "number"), ("1.", "number"), ("1.e1", "number"), (".5", "syntax"),
    ("-", "number"),
    ("-.5", "number"), ("1e", "number"), ("1e+", "number"), ("+1", "syntax"), ("1.5.5", "syntax"), ("0x10", "literal"),
    ("1_000", "syntax"),
    ("--1", "number"), ("1-2", "syntax"), ("1eE5", "number"), ("1e400", "number"),
    ("-1e999999999999999999999", "number"),
    (String(repeating: "9", count: 400), "number"), ("１", "syntax"),
    ("'a'", "quote"), ("{'a':1}", "quote"), ("/*c*/1", "comment"), ("1//c", "comment"), ("#c\n1", "comment"),
    ("`a`", "syntax"),
    ("\"a", "string"), (#""a\""#, "string"), ("\"a\\", "string"), ("\"\t\"", "control-character"),
    ("\"\n\"", "control-character"),
    ("\"\u{0}\"", "control-character"), ("\u{0}", "syntax"), ("1\u{0}", "syntax"), ("[1\u{C}]", "syntax"),
    ("\u{A0}1", "syntax"),
    (#""\x41""#, "escape"), (#""\'""#, "escape"), (#""\u12""#, "escape"), (#""\u12G4""#, "escape"),
    (#""\u+123""#, "escape"), (#""\U0041""#, "escape"),
    (#""\ud800""#, "surrogate"), (#""\udc00""#, "surrogate"), (#""\ud800\u0041""#, "surrogate"),
    (#""\ud800\ud800""#, "surrogate"),
    (#""\ud83dx""#, "surrogate"), ("\u{FEFF}1", "byte-order-mark"),
    (#"{"a":1,"a":2}"#, "repeated-key"), (#"{"a":1,"b":{"c":1,"\u0063":2}}"#, "repeated-key"),
    (#"[{"a":{}},{"":1,"":1}]"#, "repeated-key"),
    (#"{"\ud836\udc00":1,"\ud836\udc00":2}"#, "repeated-key"), ("{\"é\":1,\"e\u{301}\":2}", "repeated-key"),
    (#"{"a\u0000b":1}"#, "key"), (#"{"a\u0000":1,"a":1}"#, "key"),
  ]

  @Test(arguments: refused) func refuses(_ text: String, _ id: String) throws {
    let diagnostic = try #require(throws: Diagnostic.self) { try JSONValue.parse(text, file: "f.json") }
    #expect(diagnostic.id == "json/\(id)", "\(diagnostic.message)")
    #expect(diagnostic.category == .invalidInput && diagnostic.location.file == "f.json")
    #expect((0...text.utf8.count).contains(diagnostic.location.byteOffset ?? -1))
  }

  static let brokenUTF8: [[UInt8]] = [
    [0x80], [0xC3], [0xC3, 0x28], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80],
    [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
    [0xFE, 0xFF],
  ]

  @Test(arguments: brokenUTF8) func refusesBrokenUTF8(_ bytes: [UInt8]) throws {
    let quote = UInt8(ascii: "\"")
    for text in [[quote] + bytes + [quote], [quote] + bytes] {
      let diagnostic = try #require(throws: Diagnostic.self) { try JSONValue.parse(text) }
      #expect(diagnostic.id == "json/utf8" && diagnostic.location.byteOffset == 1)
    }
  }

  @Test func diagnosticsCarryLineAndColumn() throws {
    let diagnostic = try #require(throws: Diagnostic.self) {
      try JSONValue.parse("{\n  \"é\": 1,\n  \"é\": x\n}", file: "a.json", line: 10)
    }
    #expect(diagnostic.location == Location(file: "a.json", byteOffset: 21, line: 12, column: 8))
    let syntax = try #require(throws: Diagnostic.self) { try JSONValue.parse("[1,\n 2 3]") }
    #expect(syntax.location.line == 2 && syntax.location.column == 4)
    #expect(syntax.message.contains("'3'"))
  }

  @Test func nestingIsBounded() throws {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    _ = try JSONValue.parse(nested(64))
    let diagnostic = try #require(throws: Diagnostic.self) { try JSONValue.parse(nested(65)) }
    #expect(diagnostic.id == "limit/nesting-depth")
    var limits = ResourceLimits()
    limits.nestingDepth = .max
    _ = try JSONValue.parse(nested(1000), limits: limits)
    #expect(throws: Diagnostic.self) { try JSONValue.parse(nested(1001), limits: limits) }
    #expect(throws: Diagnostic.self) {
      try JSONValue.parse(String(repeating: "[{\"a\":", count: 1_000_000), limits: limits)
    }
    limits.nestingDepth = -1
    #expect(throws: Diagnostic.self) { try JSONValue.parse("[]", limits: limits) }
    #expect(try JSONValue.parse("1", limits: limits) == 1)
  }

  @Test func everyTruncationOfAnObjectIsRefused() throws {
    let text = Array(
      #"{"texte": ["é", -12.5e3, {"k": [true, null, 18446744073709551616]}], "z": "\u00e9\ud83d\ude00"}"#.utf8)
    _ = try JSONValue.parse(text)
    for length in 0..<text.count {
      #expect(throws: Diagnostic.self, "\(length)") { try JSONValue.parse(text.prefix(length)) }
    }
  }

  @Test func randomDamageNeverCrashesAndWhatIsAcceptedRoundTrips() throws {
    let seed = Array(
      #"{"a":[1,-2.5e-3,"x\n\u0041é",{"b":[true,false,null]}],"c":{"d":99999999999999999999,"e":""}}"#.utf8)
    let spice = Array("\"\\{}[]:,019.eE+-tfnu '/#\u{0}\n\u{1F}é".utf8) + [0x80, 0xC3, 0xED, 0xFF]
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      var text = seed
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<text.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: text[place] = spice.randomElement(using: &generator) ?? 0
        case 1: text.remove(at: place)
        default: text.insert(spice.randomElement(using: &generator) ?? 0, at: place)
        }
      }
      guard let value = try? JSONValue.parse(text) else { continue }
      #expect(try JSONValue.parse(value.serialized()) == value)
    }
  }

  @Test func filesAreReadAndMissingOnesNamed() throws {
    let missing = try #require(throws: Diagnostic.self) { try JSONValue.parse(fileAt: "/nonexistent/labels.json") }
    #expect(missing.category == .missingInput && missing.location.file == "/nonexistent/labels.json")
    let folder = try #require(throws: Diagnostic.self) { try JSONValue.parse(fileAt: "/tmp") }
    #expect(folder.category == .missingInput)
    let tooLarge = try #require(throws: Diagnostic.self) { try JSONValue.parse(fileAt: #filePath, maximumBytes: 100) }
    #expect(tooLarge.id == "file/size")
    let notJSON = try #require(throws: Diagnostic.self) { try JSONValue.parse(fileAt: #filePath) }
    #expect(notJSON.category == .invalidInput && notJSON.location.line == 1)
    #expect(throws: Diagnostic.self) { try JSONValue.parse(fileAt: "/dev/zero", maximumBytes: 1 << 20) }
  }

  @Test func anObjectCanBeKeptApart() throws {
    let text = #"{"a":{"b":{"\u00e9":1,"e\u0301":2,"x":{"b":3}},"c":4},"b":{"b":5}}"#
    #expect(throws: Diagnostic.self) { try JSONValue.parse(text) }
    let (value, members) = try JSONValue.parse(Array(text.utf8), membersAt: ["a", "b"])
    #expect(value == ["a": ["b": [:], "c": 4], "b": ["b": 5]])
    let kept = try #require(members)
    #expect(kept.path == ["a", "b"] && kept.members.map(\.value) == [1, 2, ["b": 3]])
    #expect(kept.members.map { Array($0.key.unicodeScalars) } == [["\u{E9}"], ["e", "\u{301}"], ["x"]])
    #expect(value.serialized(with: kept) == text.replacing(#"\u00e9"#, with: "\u{E9}").replacing(#"e\u0301"#, with: "e\u{301}"))
    let lines = value.serialized(pretty: true, with: kept).split(separator: "\n")
    #expect(lines.count == 15 && lines[3].hasPrefix("      \"") && lines[3].hasSuffix("\": 1,"))
  }

  @Test(arguments: [#"{"a":{"x":1,"x":2}}"#, #"{"a":{},"a":{}}"#, #"{"a":{"b":{"é":1,"e\u0301":2}}}"#])
  func repeatedKeysAreRefusedBesideWhatIsKeptApart(_ text: String) throws {
    let fault = try #require(throws: Diagnostic.self) { try JSONValue.parse(Array(text.utf8), membersAt: ["a"]) }
    #expect(fault.id == "json/repeated-key")
  }

  @Test(arguments: ["[]", "3", #"{"a":[]}"#, #"{"b":{"a":{"b":{}}}}"#, #"[{"a":{"b":{}}}]"#])
  func whereThereIsNoObjectNothingIsKeptApart(_ text: String) throws {
    let (value, members) = try JSONValue.parse(Array(text.utf8), membersAt: ["a", "b"])
    let plain = try JSONValue.parse(text)
    #expect(members == nil && value == plain)
  }
}
