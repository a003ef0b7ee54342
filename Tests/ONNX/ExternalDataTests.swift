import Foundation
import LatheDiagnostics
import LatheIR
import LatheONNX
import LatheTensors
import LatheTestSupport
import Testing

private typealias P = ProtoBytes

@Suite struct ExternalDataTests {
  /// A model in `folder` whose one initializer, f32[2], has these entries.
  private func model(_ folder: TemporaryFolder, _ entries: [(String, String)]) throws -> String {
    try folder.write(
      "model.onnx",
      P.model(P.graph([P.node("Add", ["x", "w"], ["y"])], initializers: [P.external("w", 1, [2], entries)])))
  }

  private func read(_ folder: TemporaryFolder, _ entries: [(String, String)]) throws -> [Float]? {
    let graph = try ONNXImporter().importModel(at: try model(folder, entries)).model.graph
    return graph.constant(graph.value(named: "w"))?.elements(as: Float.self)
  }

  private func refusal(_ folder: TemporaryFolder, _ entries: [(String, String)]) throws -> Diagnostic? {
    do {
      _ = try read(folder, entries)
      return nil
    } catch let error as Diagnostic {
      return error
    }
  }

  private let ones: [UInt8] = [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]

  @Test func elementsAreReadWhereTheyLie() throws {
    let folder = try TemporaryFolder()
    try folder.write("w.bin", [9, 9, 9, 9] + ones + [9])
    #expect(try read(folder, [("location", "w.bin"), ("offset", "4"), ("length", "8")]) == [1, 2])
    #expect(try read(folder, [("location", "./w.bin"), ("offset", "4")]) == [1, 2])
    try FileManager.default.createDirectory(
      at: folder.url.appendingPathComponent("sub"), withIntermediateDirectories: true)
    try folder.write("sub/odd.bin", [9] + ones)
    #expect(try read(folder, [("location", "sub/odd.bin"), ("offset", "1")]) == [1, 2])
    try FileManager.default.createSymbolicLink(atPath: folder.file("inside.bin"), withDestinationPath: "sub/odd.bin")
    #expect(try read(folder, [("location", "inside.bin"), ("offset", "1")]) == [1, 2])
  }

  @Test func theSameFileIsMappedOnceAndNotCopied() throws {
    let folder = try TemporaryFolder()
    try folder.write("w.bin", ones)
    let tensors = ["a", "b"].map { P.external($0, 1, [2], [("location", "w.bin")]) }
    let path = try folder.write(
      "model.onnx", P.model(P.graph([P.node("Add", ["a", "b"], ["y"])], inputs: [], initializers: tensors)))
    let graph = try ONNXImporter().importModel(at: path).model.graph
    let addresses = try ["a", "b"].map { name in
      try #require(graph.constant(graph.value(named: name))).withBytes { UInt(bitPattern: $0.baseAddress) }
    }
    #expect(addresses[0] == addresses[1])
  }

  @Test(arguments: ["../w.bin", "sub/../../w.bin", "/etc/passwd", "", "..", "a/..", "..\\w.bin"])
  func aPathThatLeavesTheFolderIsRefused(location: String) throws {
    let folder = try TemporaryFolder()
    let error = try #require(try refusal(folder, [("location", location)]))
    #expect(error.id == "onnx/external-location")
    #expect(error.location.value == "w")
    #expect(error.fix != nil)
  }

  @Test func aLinkThatLeavesTheFolderIsRefused() throws {
    let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
    let target = try other.write("w.bin", ones)
    try FileManager.default.createSymbolicLink(atPath: folder.file("link.bin"), withDestinationPath: target)
    try FileManager.default.createSymbolicLink(atPath: folder.file("sub"), withDestinationPath: other.path)
    try FileManager.default.createSymbolicLink(atPath: folder.file("zero"), withDestinationPath: "/dev/zero")
    for location in ["link.bin", "sub/w.bin", "zero"] {
      #expect(try refusal(folder, [("location", location)])?.id == "onnx/external-location", "\(location)")
    }
  }

  @Test func aFileThatIsNoneIsRefused() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      at: folder.url.appendingPathComponent("sub"), withIntermediateDirectories: true)
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    #expect(try refusal(folder, [("location", "pipe")])?.id == "onnx/external-data")
    #expect(try refusal(folder, [("location", "sub")])?.id == "onnx/external-data")
    let missing = try refusal(folder, [("location", "gone.bin")])
    #expect(missing?.id == "onnx/external-missing")
    #expect(missing?.category == .missingInput)
    #expect(missing?.message.contains("gone.bin") == true)
  }

  @Test(arguments: [
    ("offset", "-1", "onnx/external-data"), ("offset", "1e3", "onnx/external-data"),
    ("offset", "", "onnx/external-data"),
    ("offset", "99999999999999999999", "onnx/external-data"), ("offset", "9223372036854775807", "onnx/external-range"),
    ("offset", "1", "onnx/external-range"), ("length", "7", "onnx/external-length"),
    ("length", "+8", "onnx/external-data"),
    ("location", "twice.bin", "onnx/external-data"),
  ])
  func numbersThatDoNotFitAreRefused(key: String, value: String, id: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("w.bin", ones)
    #expect(try refusal(folder, [("location", "w.bin"), (key, value)])?.id == id)
  }

  @Test func checksumsAreNotVerifiedInSilence() throws {
    let folder = try TemporaryFolder()
    try folder.write("w.bin", ones)
    let path = try model(folder, [("location", "w.bin"), ("checksum", "da39a3ee5e6b4b0d3255bfef95601890afd80709")])
    #expect(try ONNXImporter().importModel(at: path).warnings.map(\.id) == ["onnx/external-checksum"])
  }

  @Test func elementsInTheModelAndOutsideAreAmbiguous() throws {
    let tensor = P.external("w", 1, [1], [("location", "w.bin")]).block(9, [0, 0, 0, 0])
    #expect(
      try importRefusal(P.model(P.graph([P.node("Add", ["x", "w"], ["y"])], initializers: [tensor])))?.id
        == "onnx/data-twice")
  }

  @Test func filesThatAreNotModelsAreNamed() throws {
    let folder = try TemporaryFolder()
    func failure(_ path: String) throws -> Diagnostic {
      try #require(#expect(throws: Diagnostic.self) { _ = try ONNXImporter().importModel(at: path) })
    }
    #expect(try failure(folder.file("none.onnx")).category == .missingInput)
    #expect(try failure(folder.path).id == "file/not-regular")
    #expect(try failure(folder.write("empty.onnx", [])).id == "onnx/not-a-model")
    #expect(try failure(folder.write("text.onnx", Array("hello there\n".utf8))).id == "onnx/not-a-model")
    #expect(try failure(folder.write("deep.onnx", P.nested(2000))).id == "limit/nesting-depth")
    #expect(mkfifo(folder.file("pipe.onnx"), 0o600) == 0)
    #expect(try failure(folder.file("pipe.onnx")).id == "file/not-regular")
  }
}
