import Foundation
import LatheCompactFormat
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct RoundTripTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func randomModelsComeBack() throws {
    for seed in 0..<300 as Range<UInt64> {
      var generator = ModelGenerator(seed: seed)
      let model = try generator.model()
      let path = folder.file("model.lathe")
      try CompactWriter.write(model, to: path)
      let copy = try CompactReader.read(path: path, limits: ResourceLimits(), catalog: .standard)
      try expectSame(model, copy, "seed \(seed)")
      let bytes = try #require(FileManager.default.contents(atPath: path))
      #expect(try CompactWriter.bytes(of: model) == Array(bytes), "seed \(seed): written twice")
      #expect(try CompactWriter.bytes(of: copy) == Array(bytes), "seed \(seed): written again after reading")
    }
  }

  @Test func knownOperatorsKeepTheirGraphs() throws {
    let text = """
      graph (%c: bool[], %n: i64[], %x: f32[2], %o: optional(sequence(f32[2]))) -> (%y, %z, %has) {
        %y = If(%c) captures (%x, %x) {
          then_branch = graph () captures (%a: f32[2]) -> (%s) { %s = Neg(%a) },
          else_branch = graph () captures (%a: f32[2]) -> (%s) {
            @t: bool[] = [true]
            %s = If(@t) captures (%a) {
              then_branch = graph () captures (%b: f32[2]) -> (%r) { %r = Abs(%b) },
              else_branch = graph () -> (@w) { @w: f32[2] = [1.0, 2.0] }
            }
          }
        }
        %final, %z = Loop(%n, _, %x) captures (%y) {
          body = graph (%i: i64[], %go: bool[], %s: f32[2]) captures (%k: f32[2]) -> (%go, %t, %t) { %t = Add(%s, %k) }
        }
        %has = OptionalHasElement(%o)
      }
      """
    let model = Model(graph: try GraphParser(catalog: .standard).parse(text))
    try expectSame(model, try folder.read(CompactWriter.bytes(of: model)))
  }

  @Test(arguments: DType.allCases) func everyElementTypeComesBack(_ dtype: DType) throws {
    var generator = ModelGenerator(seed: 7)
    var graph = Graph(name: "\(dtype)")
    for shape in [[], [0], [1], [3, 0, 2], [5], [64], [65], [3, 257]] {
      _ = try graph.addConstant("\(shape)", try generator.tensor(dtype, shape))
    }
    let model = Model(graph: graph)
    try expectSame(model, try folder.read(CompactWriter.bytes(of: model)))
  }

  @Test func unusualFloatsKeepTheirBits() throws {
    let patterns: [UInt32] = [0x7FC0_0001, 0xFFFF_FFFF, 0x8000_0000, 0x0000_0001, 0x7F80_0000]
    var graph = Graph()
    let attributes = Attributes([("values", .floats(patterns.map { Float(bitPattern: $0) }))])
    try graph.addNode(
      OpaqueOperator(name: OperatorName("Op"), version: 1, attributes: attributes), inputs: [], outputs: ["y"],
      provenance: .source(""))
    let copy = try folder.read(CompactWriter.bytes(of: Model(graph: graph)))
    let read = try copy.graph[copy.graph.order[0]].op.attributes.floats("values")
    #expect(read?.map(\.bitPattern) == patterns)
  }

  @Test func weightsAreViewsOfTheFile() throws {
    var generator = ModelGenerator(seed: 1)
    var graph = Graph()
    for name in ["a", "b"] { _ = try graph.addConstant(name, try generator.tensor(.float32, [100, 10])) }
    let copy = try folder.read(CompactWriter.bytes(of: Model(graph: graph)))
    let storages = try copy.graph.constants.map { try #require(copy.graph[$0].constant?.storage) }
    #expect(storages.map { $0.0 === storages[0].0 } == [true, true])
    #expect(storages.map(\.byteOffset) == [0, 4032])
    for (storage, offset) in storages {
      let address = try #require(storage.bytes.baseAddress) + offset
      #expect(UInt(bitPattern: address) % 64 == 0)
    }
  }

  @Test func equalContentsAreStoredOnce() throws {
    var generator = ModelGenerator(seed: 1)
    let tensor = try generator.tensor(.float32, [64, 64])
    let bytes = tensor.withBytes { Array($0) }
    let equal = try Tensor(dtype: .int32, shape: [4096]) { $0.copyBytes(from: bytes) }
    var graph = Graph()
    _ = try graph.addConstant("one", tensor)
    let single = try CompactWriter.bytes(of: Model(graph: graph)).count
    _ = try graph.addConstant("same", tensor)
    _ = try graph.addConstant("reshaped", try tensor.reshaped(to: [4096]))
    _ = try graph.addConstant("equal", equal)
    let model = Model(graph: graph)
    let written = try CompactWriter.bytes(of: model)
    #expect(written.count < single + 512)
    try expectSame(model, try folder.read(written))
  }

  @Test func mappedWeightsAreWrittenWithoutTheirFile() throws {
    var generator = ModelGenerator(seed: 3)
    var graph = Graph()
    _ = try graph.addConstant("w", try generator.tensor(.uint8, [5000]))
    let path = folder.file("model.lathe")
    try CompactWriter.write(Model(graph: graph), to: path)
    let mapped = try CompactReader.read(path: path, limits: ResourceLimits(), catalog: .standard)
    // The file replaces the one it is mapped from.
    try CompactWriter.write(mapped, to: path)
    try expectSame(mapped, try CompactReader.read(path: path, limits: ResourceLimits(), catalog: .standard))
    #expect(folder.names == ["model.lathe"])
  }

  @Test func operatorsMissingFromTheCatalogBecomeOpaque() throws {
    var graph = Graph()
    let x = try graph.addInput("x", type: .tensor(TensorType(.float32, [2, 3])))
    let id = try graph.addNode(Softmax(axis: 0), inputs: [x], outputs: ["y"], provenance: .source(""))
    graph.setOutputs(graph[id].outputs.compactMap { $0 })
    let path = folder.file("model.lathe")
    try CompactWriter.write(Model(graph: graph), to: path)
    let copy = try CompactReader.read(path: path, limits: ResourceLimits(), catalog: OperatorCatalog([]))
    let op = try #require(copy.graph[copy.graph.order[0]].op as? OpaqueOperator)
    #expect(op.name == OperatorName("Softmax") && op.version == Softmax.schema.sinceVersion)
    #expect(try op.attributes.integer("axis") == 0)
  }

  @Test func fileIsRecognized() throws {
    let bytes = try CompactWriter.bytes(of: Model(graph: Graph()))
    #expect(bytes.withUnsafeBytes { CompactLayout.isCompact($0) })
    #expect(bytes.map { $0 & 0x7F }.withUnsafeBytes { CompactLayout.isCompact($0) })
    #expect(!Array("not a model".utf8).withUnsafeBytes { CompactLayout.isCompact($0) })
    #expect(![].withUnsafeBytes { CompactLayout.isCompact($0) })
  }
}
