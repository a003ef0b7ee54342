import Foundation
import LatheDiagnostics
import LatheJSON
import LatheTensors
import LatheTestSupport
import LatheWeightDumps
import OrderedCollections
import Testing

/// JSON dumps as they should be.
@Suite struct DumpReadingTests {
  /// A dump with these members of `tensors`.
  static func dump(_ tensors: String, config: String = "{}") -> String {
    #"{"format": "lathe-weights/1", "architecture": "X", "config": \#(config), "tensors": {\#(tensors)}}"#
  }

  static func read(_ tensors: String) throws -> Checkpoint {
    let folder = try TemporaryFolder()
    return try DumpReader().read(try folder.write("dump.json", dump(tensors).utf8))
  }

  @Test(
    arguments: [
      #""data": [1, 2.5, -3e2, 4, 5, 6.25]"#, #""data": [[1, 2.5, -3e2], [4, 5, 6.25]]"#,
      #""data": [ [1,2.5,-3E+2] , [4.0,5,62.5e-1] ]"#,
      #""base64": "AACAPwAAIEAAAJbDAACAQAAAoEAAAMhA""#,
    ])
  func numbersAreFlatOrNestedOrBytes(payload: String) throws {
    let tensor = try #require(try Self.read(#""w": {"dtype": "float32", "shape": [2, 3], \#(payload)}"#).tensors["w"])
    #expect(tensor.shape == [2, 3] && tensor.elements(as: Float.self) == [1, 2.5, -300, 4, 5, 6.25])
  }

  @Test func keysStandInAnyOrder() throws {
    let checkpoint = try Self.read(
      #""w": {"data": [1, 2], "shape": [2], "dtype": "F32"}, "v": {"shape": [0, 3], "data": [], "dtype": "i64"}"#)
    #expect(checkpoint.tensors["w"]?.elements(as: Float.self) == [1, 2] && checkpoint.tensors["v"]?.shape == [0, 3])
    #expect(checkpoint.architecture == "X" && checkpoint.tensors.keys == ["w", "v"])
  }

  @Test(
    arguments: [
      ("int64", "[-9223372036854775808, 9223372036854775807]"), ("uint64", "[0, 18446744073709551615]"),
      ("int8", "[-128, 127]"),
      ("torch.int32", "[-2147483648, 2147483647]"), ("uint8", "[0, 255]"), ("bool", "[true, 0]"),
      ("paddle.float16", "[65504, -0.5]"),
      ("bfloat16", "[1, -2]"), ("float64", "[0.1, -1e300]"),
    ])
  func everyElementTypeHasItsNumbers(dtype: String, data: String) throws {
    let tensor = try #require(
      try Self.read(#""w": {"dtype": "\#(dtype)", "shape": [2], "data": \#(data)}"#).tensors["w"])
    switch tensor.dtype {
    case .int64: #expect(tensor.elements(as: Int64.self) == [.min, .max])
    case .uint64: #expect(tensor.elements(as: UInt64.self) == [0, .max])
    case .int8: #expect(tensor.elements(as: Int8.self) == [.min, .max])
    case .int32: #expect(tensor.elements(as: Int32.self) == [.min, .max])
    case .uint8: #expect(tensor.elements(as: UInt8.self) == [0, 255])
    case .bool: #expect(tensor.elements(as: Bool.self) == [true, false])
    case .float16: #expect(tensor.doubles() == [65504, -0.5])
    case .bfloat16: #expect(tensor.doubles() == [1, -2])
    default: #expect(tensor.doubles() == [0.1, -1e300])
    }
  }

  @Test func scalarsMayStandAlone() throws {
    #expect(try Self.read(#""w": {"dtype": "f32", "shape": [], "data": 2.5}"#).tensors["w"]?.doubles() == [2.5])
    #expect(try Self.read(#""w": {"dtype": "f32", "shape": [], "data": [2.5]}"#).tensors["w"]?.doubles() == [2.5])
  }

  @Test func slashesMayBeEscapedInBase64() throws {
    let plain = try Self.read(#""w": {"dtype": "uint8", "shape": [3], "base64": "/+//"}"#).tensors["w"]
    let escaped = try Self.read(#""w": {"dtype": "uint8", "shape": [3], "base64": "\/+\/\/"}"#).tensors["w"]
    #expect(
      plain?.elements(as: UInt8.self) == escaped?.elements(as: UInt8.self)
        && plain?.elements(as: UInt8.self)?.first == 0xFF)
  }

  @Test func bytesInAFileBesideAreMapped() throws {
    let folder = try TemporaryFolder()
    try folder.write("w.bin", [9, 9, 1, 0, 0, 0, 2, 0, 0, 0])
    let digest = "cfc8f61e3b1f4a5e"
    let entry =
      #""w": {"dtype": "int32", "shape": [2], "file": "w.bin", "offset": 2, "length": 8, "sha256": "\#(digest)"}"#
    let path = try folder.write("dump.json", Self.dump(entry).utf8)
    let refused = try #require(throws: Diagnostic.self) { try DumpReader().read(path) }
    #expect(refused.id == "weights/digest" && refused.location.value == "w")
    let right = try #require(refused.message.firstMatch(of: /is ([0-9a-f]{64})/)?.1)
    try folder.write("dump.json", Self.dump(entry.replacingOccurrences(of: digest, with: right.uppercased())).utf8)
    let read = try DumpReader().read(path)
    #expect(read.tensors["w"]?.elements(as: Int32.self) == [1, 2] && read.files.count == 2)
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let folder = try TemporaryFolder()
    var tensors: OrderedDictionary<String, Tensor> = [:]
    for count in 0..<8 { tensors["u\(count)"] = try Tensor((0..<count).map { UInt8($0 * 37 % 256) }, shape: [count]) }
    // More than one piece of the writer, and no multiple of three bytes.
    tensors["large"] = try Tensor((0..<1_100_001).map { Float($0) }, shape: [1_100_001])
    tensors["ä \"quoted\"\n"] = try Tensor([true, false], shape: [2, 1])
    let checkpoint = Checkpoint(architecture: "A", config: ["k": [1, 2.5, nil]], tensors: tensors)
    try DumpWriter.write(checkpoint, to: folder.file("d.json"))
    let back = try DumpReader().read(folder.file("d.json"))
    #expect(back.tensors.keys == tensors.keys && back.config == checkpoint.config && back.architecture == "A")
    for (name, tensor) in tensors { #expect(back.tensors[name] == tensor, "\(name)") }
    let json = try JSONSerialization.jsonObject(with: Data(folder.bytes("d.json"))) as? [String: Any]
    let entry = (json?["tensors"] as? [String: [String: Any]])?["u4"]
    #expect(entry?["base64"] as? String == Data([0, 37, 74, 111]).base64EncodedString())
  }
}
