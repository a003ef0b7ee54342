import LatheDiagnostics
import LatheTestSupport
import LatheWeightDumps
import OrderedCollections
import Testing

/// Dumps that are not what they should be: a diagnostic with line or tensor, and nothing else.
@Suite struct MalformedDumpTests {
  static func refusal(_ text: String, limits: ResourceLimits = ResourceLimits()) throws -> Diagnostic {
    let folder = try TemporaryFolder()
    let path = try folder.write("dump.json", text.utf8)
    let diagnostic = try #require(throws: Diagnostic.self) { try DumpReader(limits: limits).read(path) }
    #expect(diagnostic.location.file == path)
    return diagnostic
  }

  /// The payload of a tensor `w` of two 32-bit floats on the third line, and the diagnostic's id.
  static let payloads: [(String, String)] = [
    (#""data": [1, NaN]"#, "json/literal"), (#""data": [1, Infinity]"#, "json/literal"),
    (#""data": [1, 1e999]"#, "json/number"),
    (#""data": [1, 1e39]"#, "weights/number"), (#""data": [1, 01]"#, "json/number"),
    (#""data": [1, .5]"#, "json/syntax"),
    (#""data": [1, 2"#, "json/syntax"), (#""data": [1, 2,]"#, "json/syntax"), (#""data": [1 2]"#, "json/syntax"),
    (#""data": [1]"#, "weights/length"), (#""data": [1, 2, 3]"#, "weights/length"), (#""data": []"#, "weights/length"),
    (#""data": [1, "2"]"#, "weights/number"), (#""data": [1, null]"#, "weights/number"),
    (#""data": [1, true]"#, "weights/number"),
    (#""data": [1, {}]"#, "weights/number"), (#""data": {"0": 1}"#, "weights/number"),
    (#""data": "AAAAAAAAAAA=""#, "weights/number"),
    (#""data": [[1, 2]]"#, "weights/nesting"), (#""data": [[1], [2]]"#, "weights/nesting"),
    (#""data": [1, [2]]"#, "weights/nesting"),
    (#""data": 1"#, "weights/length"), (#""data": 1.5"#, "weights/nesting"), (#""base64": "AAAAAAAA""#, "weights/length"),
    (#""base64": "AAAAAAAAAAAAAAAA""#, "weights/length"),
    (#""base64": "AAAAAAAAAA*=""#, "weights/base64"), (#""base64": "AAAAAAAAAAA""#, "weights/base64"),
    (#""base64": "AAAAAAAAAAA=A""#, "weights/base64"),
    (#""base64": "AAAAAAAAAAB=""#, "weights/base64"), (#""base64": "AAAAA\u0041AAAAA=""#, "weights/base64"),
    (#""base64": [1, 2]"#, "weights/base64"),
    (#""base64": "AAAAAAAA"#, "json/string"), (#""data": [1, 2], "base64": """#, "weights/payload"),
    (#""sha256": "00""#, "weights/payload"),
    (#""file": "a.bin""#, "weights/payload"), (#""datas": [1, 2]"#, "weights/key"),
    (#""data": [1, 2], "data": [1, 2]"#, "json/repeated-key"),
    (#""file": "../a.bin", "offset": 0, "length": 8, "sha256": "00""#, "weights/path"),
    (#""file": "/etc/passwd", "offset": 0, "length": 8, "sha256": "00""#, "weights/path"),
    (#""file": "a/../../b", "offset": 0, "length": 8, "sha256": "00""#, "weights/path"),
    (#""file": "missing.bin", "offset": 0, "length": 8, "sha256": "00""#, "weights/data-file"),
    (#""file": "dump.json", "offset": 0, "length": 9, "sha256": "00""#, "weights/length"),
    (#""file": "dump.json", "offset": 100000, "length": 8, "sha256": "00""#, "weights/range"),
    (#""file": "dump.json", "offset": -1, "length": 8, "sha256": "00""#, "weights/payload"),
    (#""file": "dump.json", "offset": 0, "length": 8, "sha256": "00""#, "weights/digest"),
  ]

  @Test(arguments: payloads.indices) func badElementsAreRefused(index: Int) throws {
    let (payload, id) = Self.payloads[index]
    let text =
      "{\"format\": \"lathe-weights/1\", \"architecture\": \"\", \"config\": {},\n\"tensors\": {\n\"w\": {\"dtype\": \"f32\", \"shape\": [2], \(payload)}}}"
    let diagnostic = try Self.refusal(text)
    #expect(diagnostic.id == id, "\(payload): \(diagnostic)")
    #expect(diagnostic.category == (id == "weights/data-file" ? .missingInput : .invalidInput))
    #expect(diagnostic.location.line == 3 || diagnostic.location.value == "w", "\(payload): \(diagnostic)")
  }

  @Test(
    arguments: [
      ("", "json/truncated"), ("{", "json/syntax"), ("[]", "json/syntax"), ("{}", "weights/key"),
      (#"{"format": "gguf"}"#, "weights/format"),
      (#"{"tensor": {}}"#, "weights/key"), (#"{"tensors": []}"#, "json/syntax"), (#"{"config": []}"#, "weights/value"),
      (#"{"architecture": 1}"#, "weights/value"), (#"{"config": {}, "config": {}}"#, "json/repeated-key"),
      (#"{"config": {"a": 1, "a": 2}}"#, "json/repeated-key"), (#"{"config": {"a": 1}} x"#, "json/syntax"),
      (#"{"tensors": {"w": {"dtype": "f32", "shape": [1], "data": [1]}, "w": {}}}"#, "json/repeated-key"),
      (#"{"tensors": {"w": {"dtype": "f33", "shape": [1], "data": [1]}}}"#, "weights/dtype"),
      (#"{"tensors": {"w": {"dtype": "i4", "shape": [1], "data": [1]}}}"#, "weights/dtype"),
      (#"{"tensors": {"w": {"dtype": "f32", "shape": [-1], "data": [1]}}}"#, "weights/shape"),
      (#"{"tensors": {"w": {"dtype": "f32", "shape": [1.5], "data": [1]}}}"#, "weights/shape"),
      (#"{"tensors": {"w": {"dtype": "f32", "shape": [9223372036854775807, 2], "data": [1]}}}"#, "tensor/shape"),
      (#"{"tensors": {"w": {"dtype": "f32", "shape": [1000000000000], "data": [1]}}}"#, "limit/tensor-bytes"),
      (#"{"tensors": {"w": {"dtype": "f32", "shape": [1]}}}"#, "weights/payload"),
      (#"{"tensors": {"w": 1}}"#, "json/syntax"),
      ("{\"config\": {\"a\": \"\u{1}\"}}", "json/control-character"), (#"{"format" "x"}"#, "json/syntax"),
      (#"{'format': 1}"#, "json/syntax"),
      (#"{"config": {"a": 1e999}}"#, "json/number"), (#"{"config": {"a": "\ud800"}}"#, "json/surrogate"),
    ] as [(String, String)])
  func textsThatAreNoDumpsAreRefused(text: String, id: String) throws {
    let diagnostic = try Self.refusal(text)
    #expect(diagnostic.id == id, "\(text): \(diagnostic)")
  }

  @Test(arguments: ["data", "config", "x"]) func deepNestingEnds(place: String) throws {
    let deep = String(repeating: "[", count: 100_000)
    let text =
      place == "config"
      ? #"{"config": \#(deep)"#
      : #"{"tensors": {"w": {"dtype": "f32", "shape": [1], "\#(place == "x" ? "dtype" : place)": \#(deep)"#
    let diagnostic = try Self.refusal(text)
    #expect(diagnostic.id == "limit/nesting-depth" || diagnostic.id == "json/repeated-key", "\(diagnostic)")
  }

  @Test func namesKeepToTheirLimit() throws {
    var limits = ResourceLimits()
    limits.nameBytes = 10
    let text = #"{"tensors": {"\#(String(repeating: "n", count: 11))": {"dtype": "f32", "shape": [1], "data": [1]}}}"#
    #expect(try Self.refusal(text, limits: limits).id == "limit/name-bytes")
  }

  /// Each counts as 16 nodes, in dumps, safetensors and indices of shards.
  @Test func tensorsAreCounted() throws {
    var limits = ResourceLimits()
    limits.expandedNodes = 47
    func dump(_ count: Int) -> String {
      DumpReadingTests.dump(
        (0..<count).map { #""w\#($0)": {"dtype": "f32", "shape": [0], "data": []}"# }.joined(separator: ", "))
    }
    let folder = try TemporaryFolder()
    let two = try folder.write("two.json", dump(2).utf8)
    #expect(try DumpReader(limits: limits).read(two).tensors.count == 2)
    let diagnostic = try Self.refusal(dump(3), limits: limits)
    #expect(diagnostic.id == "limit/expanded-nodes" && diagnostic.message.contains("more than 2 tensors"))
    let entries = (0..<3).map { #""w\#($0)": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}"# }
    let files = try SafetensorsTests.folder(SafetensorsTests.file("{\(entries.joined(separator: ", "))}", []))
    let refused = try #require(throws: Diagnostic.self) { try CheckpointFolder(limits: limits).read(files.path) }
    #expect(refused.id == "limit/expanded-nodes")
    #expect(try CheckpointFolder().read(files.path).tensors.count == 3)
    let shards = try SafetensorsTests.folder(SafetensorsTests.file("{\(entries.joined(separator: ", "))}", []), named: "a")
    try shards.write("model.safetensors.index.json", #"{"weight_map": {"w0": "a", "w1": "a", "w2": "a"}}"#.utf8)
    let unread = try #require(throws: Diagnostic.self) { try CheckpointFolder(limits: limits).read(shards.path) }
    #expect(unread.id == "limit/expanded-nodes")
  }

  @Test(
    arguments: [
      ("{\n\"format\": \"gguf\"}", "weights/format", 2), ("{\n\n\"tensor\": {}}", "weights/key", 3),
      ("{\n\"config\": []}", "weights/value", 2),
      ("{\"tensors\": {\n\"v\": {\"dtype\": \"f32\", \"shape\": [0], \"data\": []},\n\"w\": {\"dtype\": \"f33\"}}}", "weights/dtype", 3),
      ("{\"tensors\": {\n\"w\": {\"dtype\": \"f32\", \"shape\": 1}}}", "weights/shape", 2),
      ("{\"tensors\": {\n\"w\": {\"dtype\": \"f32\", \"shape\": [1]}}}", "weights/payload", 2),
      ("\u{FEFF}{}", "weights/encoding", 1), ("// a dump\n{}", "json/syntax", 1), ("[\n{}]", "json/syntax", 1),
    ] as [(String, String, Int)])
  func faultsAreTold(text: String, id: String, line: Int) throws {
    let diagnostic = try Self.refusal(text)
    #expect(diagnostic.id == id && diagnostic.location.line == line, "\(text): \(diagnostic)")
    #expect(DumpReader.isLikely(Array(text.utf8)))
  }

  @Test func wideTextsAreNamedAsSuch() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("dump.json", [0xFF, 0xFE, 0x7B, 0, 0x7D, 0])
    let diagnostic = try #require(throws: Diagnostic.self) { try DumpReader().read(path) }
    #expect(diagnostic.id == "weights/encoding" && diagnostic.location.line == 1)
    let start = try folder.bytes("dump.json")
    #expect(DumpReader.isLikely(start) && !DumpReader.isLikely([8, 7, 0x12, 0]))
  }

  @Test func aNumberIsQuotedAsItStands() throws {
    let entry = #""w": {"dtype": "f32", "shape": [1], "data": [1e999]}"#
    #expect(try Self.refusal(DumpReadingTests.dump(entry)).message.contains("'1e999' is"))
  }

  /// A valid dump cut off at every byte, and with every byte replaced, is refused or read, never more.
  @Test func damageIsNeverFatal() throws {
    let folder = try TemporaryFolder()
    let whole = Array(
      DumpReadingTests.dump(
        #""w": {"dtype": "f32", "shape": [1, 2], "data": [[1, -2.5e1]]}, "v": {"dtype": "u8", "shape": [2], "base64": "AQI="}"#
      ).utf8)
    for length in whole.indices {
      let path = try folder.write("dump.json", whole.prefix(length))
      _ = try #require(throws: Diagnostic.self) { try DumpReader().read(path) }
    }
    for index in whole.indices {
      for byte in [0, 0x22, 0x5B, 0x7D, 0x2D, 0x39, 0xFF] as [UInt8] {
        var damaged = whole
        damaged[index] = byte
        let path = try folder.write("dump.json", damaged)
        do throws(Diagnostic) { _ = try DumpReader().read(path) } catch { #expect(error.category != .internalFault) }
      }
    }
  }
}
