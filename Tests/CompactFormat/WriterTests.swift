import Foundation
import LatheCompactFormat
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct WriterTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func failure(_ path: String, _ model: Model = Model(graph: Graph())) -> Diagnostic? {
    do throws(Diagnostic) {
      try CompactWriter.write(model, to: path)
      return nil
    } catch {
      return error
    }
  }

  @Test func pathsThatCannotBeWrittenAreNamed() throws {
    try FileManager.default.createDirectory(atPath: folder.file("folder"), withIntermediateDirectories: false)
    #expect(FileManager.default.createFile(atPath: folder.file("file"), contents: Data()))
    let paths = [
      "", "nul\u{0}.lathe", folder.file("none/model.lathe"), folder.file("folder"), folder.file("file/model.lathe"),
      "/dev/full",
    ]
    for path in paths {
      let error = failure(path)
      #expect(error?.category == .unwritableOutput && error?.location.file == path && error?.fix != nil, "\(path)")
    }
    #expect(folder.names == ["file", "folder"])
    #expect(FileManager.default.fileExists(atPath: "/dev/full"))
  }

  @Test func foldersThatCannotBeWrittenStayAsTheyAre() throws {
    guard getuid() != 0 else { return }
    let locked = folder.file("locked")
    try FileManager.default.createDirectory(
      atPath: locked, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o500])
    #expect(failure(locked + "/model.lathe")?.category == .unwritableOutput)
    #expect(try FileManager.default.contentsOfDirectory(atPath: locked).isEmpty)
  }

  @Test func modelsThatCannotBeWrittenLeaveTheOldFile() throws {
    let path = folder.file("model.lathe")
    try CompactWriter.write(Model(graph: Graph(name: "old")), to: path)
    var graph = Graph()
    _ = try graph.addConstant("w", try Tensor([Float(1)], shape: [Int](repeating: 1, count: 256)))
    let error = failure(path, Model(graph: graph))
    #expect(error?.id == "lathe/rank" && error?.location.value == "w")
    #expect(try CompactReader.read(path: path, limits: ResourceLimits(), catalog: .standard).graph.name == "old")
    #expect(folder.names == ["model.lathe"])
  }

  /// Dimensions give up as unknown before the format's own bound on nesting is met.
  @Test func nestedDimensionsReadBack() throws {
    var dimension = Dimension.symbol("n")
    for level in 1...80 {
      dimension = (dimension + 1).floorDivided(by: 2)
      var graph = Graph()
      _ = try graph.addInput("x", type: .tensor(TensorType(.float32, [dimension])))
      try CompactWriter.write(Model(graph: graph), to: folder.file("model.lathe"))
      let copy = try CompactReader.read(path: folder.file("model.lathe"), limits: ResourceLimits(), catalog: .standard)
      #expect(copy.graph == graph, "level \(level)")
    }
    #expect(dimension == .unknown)
  }

  @Test func linksAreFollowed() throws {
    let (target, link) = (folder.file("target.lathe"), folder.file("link.lathe"))
    try CompactWriter.write(Model(graph: Graph(name: "old")), to: target)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "target.lathe")
    try CompactWriter.write(Model(graph: Graph(name: "new")), to: link)
    #expect(try CompactReader.read(path: target, limits: ResourceLimits(), catalog: .standard).graph.name == "new")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "target.lathe")
    #expect(folder.names == ["link.lathe", "target.lathe"])
  }

  @Test func fileAndBytesAreTheSame() throws {
    let model = try MalformedFileTests.smallModel()
    try CompactWriter.write(model, to: folder.file("a"))
    let written = try #require(FileManager.default.contents(atPath: folder.file("a")))
    #expect(try Array(written) == CompactWriter.bytes(of: model))
    #expect(SealedFile(Array(written)).bytes == Array(written))
  }
}
