import Foundation
import LatheDiagnostics
import LatheJSON
import LatheTensors
import LatheTestSupport
import LatheWeightDumps
import OrderedCollections
import Testing

/// Folders with `config.json` and safetensors, whole and in shards.
@Suite struct SafetensorsTests {
  static func file(_ header: String, _ data: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8) + data
  }

  static let header =
    #"{"__metadata__": {"format": "pt"}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}"#
  static let bytes: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64]

  static func folder(_ file: [UInt8], named name: String = "model.safetensors") throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write("config.json", #"{"architectures": ["BertModel"], "hidden_size": 2}"#.utf8)
    try folder.write(name, file)
    return folder
  }

  static func refusal(_ folder: TemporaryFolder) throws -> Diagnostic {
    try #require(throws: Diagnostic.self) { try CheckpointFolder().read(folder.path) }
  }

  @Test func foldersAreRead() throws {
    let folder = try Self.folder(Self.file(Self.header, Self.bytes))
    let checkpoint = try CheckpointFolder().read(folder.path)
    #expect(
      checkpoint.architecture == "BertModel" && checkpoint.config["hidden_size"] == 2 && checkpoint.files.count == 2)
    #expect(checkpoint.tensors["w"]?.elements(as: Float.self) == [1, 2])
  }

  @Test func shardsAreRead() throws {
    let folder = try Self.folder(Self.file(Self.header, Self.bytes), named: "one.safetensors")
    try folder.write(
      "two.safetensors",
      Self.file(#"{"v": {"dtype": "I64", "shape": [], "data_offsets": [0, 8]}}"#, [7, 0, 0, 0, 0, 0, 0, 0]))
    let index = #"{"metadata": {}, "weight_map": {"v": "two.safetensors", "w": "one.safetensors"}}"#
    try folder.write("model.safetensors.index.json", index.utf8)
    let checkpoint = try CheckpointFolder().read(folder.path)
    #expect(
      checkpoint.tensors.keys == ["v", "w"] && checkpoint.tensors["v"]?.integers() == [7] && checkpoint.files.count == 4
    )
  }

  @Test(
    arguments: [
      (#"{"weight_map": {"v": "model.safetensors"}}"#, "weights/shard"),
      (#"{"weight_map": {"w": "../x"}}"#, "weights/path"),
      (#"{"weight_map": {"w": "none.safetensors"}}"#, "weights/data-file"),
      (#"{"weight_map": {"w": 1}}"#, "weights/index"), ("{}", "weights/index"),
      ("[", "json/truncated"),
    ])
  func badIndicesAreRefused(index: String, id: String) throws {
    let folder = try Self.folder(Self.file(Self.header, Self.bytes), named: "one.safetensors")
    try folder.write(
      "model.safetensors.index.json", index.replacingOccurrences(of: "model.safetensors", with: "one.safetensors").utf8)
    #expect(try Self.refusal(folder).id == id)
  }

  @Test(
    arguments: [
      (#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}"#, "safetensors/offsets"),
      (#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}"#, "safetensors/offsets"),
      (#"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}"#, "safetensors/offsets"),
      (#"{"w": {"dtype": "F32", "shape": [4611686018427387904, 4], "data_offsets": [0, 8]}}"#, "tensor/shape"),
      (#"{"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}"#, "safetensors/layout"),
      (#"{"w": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}"#, "safetensors/layout"),
      (
        #"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "v": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}"#,
        "safetensors/layout"
      ),
      (#"{"w": {"dtype": "Q4", "shape": [2], "data_offsets": [0, 8]}}"#, "safetensors/dtype"),
      (#"{"w": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}"#, "safetensors/entry"),
      (#"{"w": 1}"#, "safetensors/entry"),
      (#"[1]"#, "safetensors/header"), (#"{"w": "#, "json/truncated"),
      (
        #"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}"#,
        "json/repeated-key"
      ),
    ] as [(String, String)])
  func badHeadersAreRefused(header: String, id: String) throws {
    let diagnostic = try Self.refusal(try Self.folder(Self.file(header, Self.bytes)))
    #expect(
      diagnostic.id == id && diagnostic.category == .invalidInput && diagnostic.location.file != nil, "\(diagnostic)")
  }

  @Test func filesThatAreCutOffAreRefused() throws {
    let whole = Self.file(Self.header, Self.bytes)
    for length in whole.indices {
      #expect(try Self.refusal(try Self.folder(Array(whole.prefix(length)))).category == .invalidInput, "\(length)")
    }
    #expect(try Self.refusal(try Self.folder(Array(repeating: 0xFF, count: 64))).id == "safetensors/header-length")
  }

  @Test func foldersWithoutTensorsSayWhatIsThere() throws {
    let folder = try Self.folder([1], named: "pytorch_model.bin")
    let diagnostic = try Self.refusal(folder)
    #expect(diagnostic.id == "weights/folder" && diagnostic.notes.first?.contains("pytorch_model.bin") == true)
    #expect(try Self.refusal(try TemporaryFolder()).id == "weights/folder")
  }

  /// Nobody writes into them: reading would never end.
  @Test(arguments: ["config.json", "model.safetensors"]) func pipesAreRefused(name: String) throws {
    let folder = try Self.folder(Self.file(Self.header, Self.bytes))
    try FileManager.default.removeItem(atPath: folder.file(name))
    #expect(mkfifo(folder.file(name), 0o600) == 0)
    #expect(try Self.refusal(folder).message.contains("not a regular file"))
  }

  /// As Hugging Face's cache keeps them.
  @Test func foldersMayConsistOfLinks() throws {
    let outside = try TemporaryFolder()
    let target = try outside.write("blob", Self.file(Self.header, Self.bytes))
    let folder = try Self.folder([], named: "unused")
    try FileManager.default.createSymbolicLink(atPath: folder.file("model.safetensors"), withDestinationPath: target)
    #expect(try CheckpointFolder().read(folder.path).tensors["w"]?.elements(as: Float.self) == [1, 2])
  }

  @Test func linksOutOfTheFolderOfADumpAreRefused() throws {
    let (outside, folder) = (try TemporaryFolder(), try TemporaryFolder())
    let target = try outside.write("blob", Self.bytes)
    try FileManager.default.createSymbolicLink(atPath: folder.file("w.bin"), withDestinationPath: target)
    let entry = #""w": {"dtype": "f32", "shape": [2], "file": "w.bin", "offset": 0, "length": 8, "sha256": "00"}"#
    let path = try folder.write("dump.json", DumpReadingTests.dump(entry).utf8)
    let diagnostic = try #require(throws: Diagnostic.self) { try DumpReader().read(path) }
    #expect(diagnostic.id == "weights/path")
  }
}
