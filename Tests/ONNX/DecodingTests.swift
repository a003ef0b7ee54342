import LatheDiagnostics
import LatheONNX
import Testing

@Suite struct DecodingTests {
  @Test(arguments: ["mlp.onnx", "typed.onnx", "everything.onnx"])
  func aModelIsWrittenAsItWasRead(name: String) throws {
    let bytes = try dataFile(name)
    #expect(try rewritten(bytes) == bytes)
    try bytes.withUnsafeBytes { buffer in
      let model = try DecodedModel(buffer, owner: nil)
      #expect(model.warnings == [])
    }
  }

  @Test func aTensorIsWrittenAsItWasRead() throws {
    let bytes = try dataFile("int64.pb")
    try bytes.withUnsafeBytes { buffer in
      let tensor = try DecodedTensor(buffer, owner: nil)
      #expect(tensor.dims == [2, 2])
      #expect(tensor.dataType == 7)
      var output: [UInt8] = []
      try tensor.write { output.append(contentsOf: $0) }
      #expect(output == bytes)
    }
  }

  @Test func weightsStayWhereTheyAre() throws {
    let weights = [UInt8](repeating: 7, count: 1 << 20)
    let tensor = ProtoBytes().int(1, 1 << 18).int(2, 1).text(8, "w").block(9, weights).text(12, "after")
    let bytes = ProtoBytes.model(graph: ProtoBytes().message(5, tensor))
    try bytes.withUnsafeBytes { buffer in
      let model = try DecodedModel(buffer, owner: nil)
      #expect(model.payloadBytes == weights.count)
      let base = try #require(buffer.baseAddress)
      var output: [UInt8] = []
      var inPlace = 0
      try model.write { chunk in
        output.append(contentsOf: chunk)
        if let start = chunk.baseAddress, start >= base, start < base + buffer.count { inPlace += chunk.count }
      }
      #expect(inPlace == weights.count)
      #expect(output == bytes)
    }
  }

  @Test func packedAndUnpackedNumbersAreTheSame() throws {
    func model(_ attribute: ProtoBytes) -> [UInt8] {
      ProtoBytes.model(graph: ProtoBytes().message(1, ProtoBytes().text(4, "Op").message(5, attribute)))
    }
    let packed = model(ProtoBytes().text(1, "a").block(8, [1, 2, 0xac, 2]))
    let unpacked = model(ProtoBytes().text(1, "a").int(8, 1).int(8, 2).int(8, 300))
    #expect(try rewritten(packed) == unpacked)
    #expect(try rewritten(unpacked) == unpacked)
  }

  @Test func fieldsOfATensorMayComeInAnyOrder() throws {
    let ordered = ProtoBytes().int(1, 1).int(2, 7).block(7, [5]).text(8, "w").text(12, "d")
    let shuffled = ProtoBytes().text(12, "d").block(7, [5]).int(2, 7).text(8, "w").int(1, 1)
    let expected = ProtoBytes.model(graph: ProtoBytes().message(5, ordered))
    #expect(try rewritten(ProtoBytes.model(graph: ProtoBytes().message(5, shuffled))) == expected)
  }

  @Test func textKeepsItsZeroBytes() throws {
    let node = ProtoBytes().block(1, [0x61, 0, 0x62]).text(4, "Op")
    let bytes = ProtoBytes.model(graph: ProtoBytes().message(1, node))
    #expect(try rewritten(bytes) == bytes)
  }

  @Test func unknownFieldsAreLeftOutWithAWarning() throws {
    let known = ProtoBytes.model(graph: ProtoBytes().text(2, "g"))
    let graph = ProtoBytes().text(2, "g").int(99, 1).text(99, "again")
    let bytes = ProtoBytes.model(graph: graph) + ProtoBytes().int(77, 5).bytes
    try bytes.withUnsafeBytes { buffer in
      let warnings = try DecodedModel(buffer, owner: nil).warnings
      #expect(warnings.map(\.id) == ["onnx/unknown-field", "onnx/unknown-field"])
      #expect(warnings.allSatisfy { $0.severity == .warning && $0.location.byteOffset != nil })
    }
    #expect(try rewritten(bytes) == known)
  }

  @Test func aFileCannotPointIntoThePayloadTable() throws {
    let tensor = ProtoBytes().int(2, 1).text(8, "w")
    let forged = ProtoBytes().int(2, 1).text(8, "w").int(50_000_000, 0).int(50_000_001, 1 << 40)
    let expected = ProtoBytes.model(graph: ProtoBytes().message(5, tensor))
    #expect(try rewritten(ProtoBytes.model(graph: ProtoBytes().message(5, forged))) == expected)
  }

  @Test func manyNodesDecodeWithinTheBudget() throws {
    var graph = ProtoBytes()
    for index in 0..<20_000 {
      let axis = ProtoBytes().text(1, "axis").int(3, 1).int(20, 2)
      let node = ProtoBytes().text(1, "v\(index)").text(2, "v\(index + 1)").text(3, "n\(index)").text(4, "Softmax")
      graph.bytes += ProtoBytes().message(1, node.message(5, axis)).bytes
    }
    try ProtoBytes.model(graph: graph).withUnsafeBytes { buffer in
      let model = try DecodedModel(buffer, owner: nil)
      #expect(model.nodeCount == 20_000)
    }
  }
}
