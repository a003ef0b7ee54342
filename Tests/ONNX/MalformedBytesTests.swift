import LatheDiagnostics
import LatheONNX
import LatheTestSupport
import Testing

@Suite struct MalformedBytesTests {
  @Test(arguments: ["mlp.onnx", "typed.onnx", "everything.onnx"])
  func everyTruncationIsRefusedOrWhole(name: String) throws {
    let bytes = try dataFile(name)
    var accepted = 0
    for length in 0..<bytes.count {
      let cut = Array(bytes[..<length])
      guard let diagnostic = refusal(cut) else {
        accepted += 1
        #expect(try rewritten(cut) == cut)
        continue
      }
      #expect(diagnostic.category == .invalidInput)
      #expect(diagnostic.location.file == "model.onnx")
      #expect(diagnostic.fix != nil)
    }
    // Cuts between the fields that may follow a model's graph and operator sets.
    #expect(accepted <= 8)
  }

  @Test(arguments: ["mlp.onnx", "typed.onnx", "everything.onnx"])
  func bitFlipsNeverCrash(name: String) throws {
    let bytes = try dataFile(name)
    var generator = SeededGenerator(seed: 42)
    var refused = 0
    for _ in 0..<3_000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        damaged[Int.random(in: 0..<bytes.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      guard refusal(damaged) == nil else {
        refused += 1
        continue
      }
      let written = try rewritten(damaged)
      #expect(try rewritten(written) == written)
    }
    #expect(refused > 100)
  }

  @Test func randomBytesNeverCrash() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<5_000 {
      let count = Int.random(in: 1...200, using: &generator)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let model = ProtoBytes.model(graph: ProtoBytes(bytes: bytes))
      _ = refusal(bytes)
      _ = refusal(model)
    }
  }

  @Test func graphsNestOnlySoDeep() {
    #expect(refusal(ProtoBytes.nested(64)) == nil)
    #expect(refusal(ProtoBytes.nested(65))?.id == "limit/nesting-depth")
    #expect(refusal(ProtoBytes.nested(2_000))?.id == "limit/nesting-depth")
    var limits = ResourceLimits()
    limits.nestingDepth = 1_000_000
    #expect(refusal(ProtoBytes.nested(300), limits: limits) == nil)
    #expect(refusal(ProtoBytes.nested(2_000), limits: limits)?.id == "onnx/too-deep")
    #expect(refusal(ProtoBytes.nested(100_000), limits: limits)?.id == "onnx/too-deep")
  }

  @Test func typesNestOnlySoDeep() {
    var type = ProtoBytes()
    for _ in 0..<2_000 { type = ProtoBytes().message(4, ProtoBytes().message(1, type)) }
    let model = ProtoBytes.model(graph: ProtoBytes().message(11, ProtoBytes().text(1, "x").message(2, type)))
    #expect(refusal(model)?.id == "limit/nesting-depth")
  }

  struct BadGraph: Sendable {
    let graph: ProtoBytes
    let id: String

    init(_ graph: ProtoBytes, _ id: String) {
      self.graph = graph
      self.id = id
    }
  }

  static let badGraphs: [BadGraph] = [
    BadGraph(ProtoBytes().raw([0x0a, 0x05, 1]), "onnx/truncated"),
    BadGraph(ProtoBytes().raw([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]), "onnx/truncated"),
    BadGraph(ProtoBytes().raw([0x0a] + ProtoBytes.varint(.max)), "onnx/truncated"),
    BadGraph(ProtoBytes().raw([0x0a] + ProtoBytes.varint(1 << 63)), "onnx/truncated"),
    BadGraph(ProtoBytes().raw([0x0a] + ProtoBytes.varint(UInt64(Int.max))), "onnx/truncated"),
    BadGraph(ProtoBytes().raw(Array(repeating: 0xff, count: 12)), "onnx/varint"),
    BadGraph(ProtoBytes().raw(Array(repeating: 0xff, count: 9) + [2]), "onnx/varint"),
    BadGraph(ProtoBytes().raw([0x80]), "onnx/truncated"),
    BadGraph(ProtoBytes().raw([0x00, 0]), "onnx/bad-key"),
    BadGraph(ProtoBytes().raw(ProtoBytes.varint(1 << 40) + [0]), "onnx/bad-key"),
    BadGraph(ProtoBytes().raw([0x0e, 0]), "onnx/bad-key"),
    BadGraph(ProtoBytes().raw([0x9b, 6]), "onnx/group"),
    BadGraph(ProtoBytes().raw([0x9b, 6, 0x9c, 6]), "onnx/group"),
    BadGraph(ProtoBytes().int(1, 5), "onnx/wire-type"),
    BadGraph(ProtoBytes().raw([0x15, 0, 0, 0, 0]), "onnx/wire-type"),
    BadGraph(ProtoBytes().text(2, "a").text(2, "b"), "onnx/field-twice"),
    BadGraph(ProtoBytes().message(5, ProtoBytes().block(4, [1, 2, 3])), "onnx/packed-length"),
    BadGraph(ProtoBytes().message(5, ProtoBytes().block(7, [0x80])), "onnx/truncated"),
    BadGraph(ProtoBytes().message(5, ProtoBytes().block(9, [1]).block(9, [2])), "onnx/field-twice"),
    BadGraph(ProtoBytes().message(5, ProtoBytes().raw([0x25, 0, 0])), "onnx/truncated"),
    BadGraph(
      ProtoBytes().message(
        11, ProtoBytes().message(2, ProtoBytes().message(1, ProtoBytes()).message(4, ProtoBytes()))),
      "onnx/field-twice"
    ),
  ]

  @Test(arguments: badGraphs)
  func aBadGraphIsNamed(bad: BadGraph) throws {
    let diagnostic = try #require(refusal(ProtoBytes.model(graph: bad.graph)))
    #expect(diagnostic.id == bad.id, "\(diagnostic)")
    #expect(diagnostic.message.hasPrefix("graph"))
    #expect(diagnostic.location.byteOffset != nil)
  }

  @Test func thePathLeadsToTheFault() throws {
    let attribute = ProtoBytes().text(1, "value").message(5, ProtoBytes().int(1, 2).raw([0x4a, 0x20, 1, 2]))
    let node = ProtoBytes().text(1, "x").message(5, ProtoBytes().text(1, "other")).message(5, attribute)
    let graph = ProtoBytes().text(2, "g").message(1, ProtoBytes()).message(1, ProtoBytes()).message(1, node)
    let diagnostic = try #require(refusal(ProtoBytes.model(graph: graph)))
    #expect(diagnostic.message.hasPrefix("graph.node[2].attribute[1].t.raw_data: it is 32 bytes long"))
  }

  @Test func emptyNodesByTheMillionMeetTheBudget() {
    let graph = ProtoBytes(bytes: Array(repeating: [0x0a, 0], count: 2_000_000).flatMap { $0 })
    #expect(refusal(ProtoBytes.model(graph: graph))?.id == "limit/decoded-bytes-per-byte")
    var limits = ResourceLimits()
    limits.decodedBytesPerByte = 0
    #expect(refusal(ProtoBytes.model(graph: graph), limits: limits)?.id == "limit/decoded-bytes-per-byte")
    limits.decodedBytesPerByte = .max
    #expect(refusal(ProtoBytes.model(graph: ProtoBytes()), limits: limits) == nil)
  }

  @Test func scatteredTensorElementsMeetTheBudget() {
    let element = ProtoBytes().int(5, 1).int(7, 1).bytes
    let tensor = ProtoBytes(bytes: Array(repeating: element, count: 2_000_000).flatMap { $0 })
    #expect(refusal(ProtoBytes.model(graph: ProtoBytes().message(5, tensor)))?.id == "limit/decoded-bytes-per-byte")
  }

  @Test func aModelHasAGraphAVersionAndOperatorSets() {
    let opset = ProtoBytes().int(2, 21)
    #expect(refusal(ProtoBytes().int(1, 10).message(8, opset).bytes)?.id == "onnx/no-graph")
    #expect(refusal(ProtoBytes().message(7, ProtoBytes()).message(8, opset).bytes)?.id == "onnx/no-ir-version")
    #expect(refusal(ProtoBytes().int(1, 10).message(7, ProtoBytes()).bytes)?.id == "onnx/no-opset-import")
  }
}
