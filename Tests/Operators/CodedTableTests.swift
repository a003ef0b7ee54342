import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

/// Tables of codes: they mean what their codebooks say, alone and in embeddings.
@Suite struct CodedTableTests {
  /// A table of random codes, and the floats that it means.
  private struct Table {
    let codes, codebook, floats: Tensor
    let scales: Tensor?

    init(rows: Int, width: Int, bits: Int, isScaled: Bool, seed: UInt64) throws {
      var generator = SeededGenerator(seed: seed)
      let numbers = (0..<rows * width).map { _ in UInt8.random(in: 0...UInt8(1 << bits - 1), using: &generator) }
      let levels = (0..<1 << bits).map { _ in Float.random(in: -2...2, using: &generator) }
      let factors = (0..<rows).map { _ in Float.random(in: 0.1...2, using: &generator) }
      codes = try CodedTable.packed(numbers, width: width, bits: bits)
      codebook = try Tensor(levels, shape: [levels.count])
      scales = isScaled ? try Tensor(factors, shape: [rows]) : nil
      let values = numbers.enumerated().map { isScaled ? levels[Int($1)] * factors[$0 / max(1, width)] : levels[Int($1)] }
      floats = try Tensor(values, shape: [rows, width])
    }
  }

  @Test(arguments: CodedTable.allowedBits, [1, 2, 3, 5, 8, 13, 16]) func rows(_ bits: Int, _ width: Int) throws {
    for isScaled in [false, true] {
      let table = try Table(rows: 6, width: width, bits: bits, isScaled: isScaled, seed: UInt64(bits * 100 + width))
      #expect(table.codes.shape == [6, (width * bits + 7) / 8])
      let ids = try Tensor([5, 0, 3, 3] as [Int64], shape: [2, 2])
      let expected = try Gather().evaluate([table.floats, ids])
      try checkOperator(
        CodedGather(bits: bits, width: width), inputs: [table.codes, ids, table.codebook, table.scales], expected: expected)
    }
    let table = try Table(rows: 6, width: width, bits: bits, isScaled: false, seed: 7)
    let ids = try Tensor([-1, -6, 2] as [Int32], shape: [3])
    try checkOperator(
      CodedGather(bits: bits, width: width), inputs: [table.codes, ids, table.codebook],
      expected: try Gather().evaluate([table.floats, ids]))
  }

  @Test func narrowFloats() throws {
    let codes = try CodedTable.packed([0, 15, 3, 7], width: 2, bits: 4)
    let codebook = try Tensor((0..<16).map { Float16($0) / 4 }, shape: [16])
    let ids = try Tensor([1] as [Int64], shape: [1])
    let expected = try Tensor([0.75, 1.75] as [Float16], shape: [1, 2])
    try checkOperator(CodedGather(bits: 4, width: 2), inputs: [codes, ids, codebook], expected: [expected])
  }

  @Test(arguments: CodedTable.allowedBits) func embeddings(_ bits: Int) throws {
    let words = try Table(rows: 7, width: 12, bits: bits, isScaled: true, seed: 1)
    let places = try Table(rows: 9, width: 12, bits: 8, isScaled: false, seed: 2)
    let kinds = try Tensor.seeded(.float32, [2, 12], seed: 3)
    let (scale, bias) = (try Tensor.seeded(.float32, [12], seed: 4), try Tensor.seeded(.float32, [12], seed: 5))
    let (ids, kind) = (try Tensor([6, 0, 3, 3, 1, 2] as [Int64], shape: [2, 3]), try Tensor([1] as [Int32], shape: [1, 1]))
    let plain = EmbeddingNormalization(sources: [.ids, .ids, .positions], epsilon: 1e-12, offset: 2)
    var coded = plain
    coded.bits = [bits, 0, 8]
    let floats = [scale, bias, words.floats, ids, kinds, kind, places.floats]
    let codes = [scale, bias, words.codes, ids, kinds, kind, places.codes, nil, words.codebook, words.scales, places.codebook]
    try checkOperator(coded, inputs: codes, expected: try plain.evaluate(floats))
    let step = try Tensor.scalar(Float(0.01))
    try checkOperator(
      QuantizedEmbedding(coded), inputs: [step] + codes, expected: try QuantizedEmbedding(plain).evaluate([step] + floats))
  }

  @Test func tablesWithoutBitsAreFloats() throws {
    let op = try EmbeddingNormalization(decoding: Attributes([("sources", .strings(["ids", "positions"]))]))
    #expect(op.bits == [0, 0])
    #expect(op.attributes == Attributes([("sources", .strings(["ids", "positions"]))]))
  }

  @Test(arguments: [
    ("CodedGather(@codes, %ids, @book)", "bits = 7, width = 2"), ("CodedGather(@codes, %ids, @book)", "bits = 0, width = 2"),
    ("CodedGather(@codes, %ids, @book)", "bits = 4"), ("CodedGather(@codes, %ids, @book)", "width = 2"),
    ("CodedGather(@codes, %ids, @book)", "bits = 4, width = -1"),
    ("CodedGather(@codes, %ids, @book)", "bits = 4, width = 9223372036854775807"),
    ("CodedGather(@codes, %ids, @book)", "bits = 4, width = 3"), ("CodedGather(@codes, %ids, @book)", "bits = 5, width = 1"),
    ("CodedGather(@codes, %ids, @short)", "bits = 4, width = 2"), ("CodedGather(@codes, %ids, @book, @two)", "bits = 4, width = 2"),
    ("CodedGather(@short, %ids, @book)", "bits = 4, width = 2"), ("CodedGather(@codes, %ids)", "bits = 4, width = 2"),
    ("CodedGather(@codes, %ids, @codes)", "bits = 4, width = 2"), ("CodedGather(@codes, @book, @book)", "bits = 4, width = 2"),
    ("EmbeddingNormalization(@two, _, @codes, %ids, _, @book)", #"sources = ["ids"], bits = [4]"#),
    ("EmbeddingNormalization(@two, _, @codes, %ids)", #"sources = ["ids"], bits = [4]"#),
    ("EmbeddingNormalization(@two, _, @codes, %ids, @short)", #"sources = ["ids"], bits = [4]"#),
    ("EmbeddingNormalization(@two, _, @codes, %ids, @book)", #"sources = ["ids"], bits = [8]"#),
    ("EmbeddingNormalization(@two, _, @codes, %ids, @book)", #"sources = ["ids"], bits = [3]"#),
    ("EmbeddingNormalization(@two, _, @codes, %ids, @book)", #"sources = ["ids"], bits = [4, 4]"#),
    ("EmbeddingNormalization(@two, _, @codes, %ids, @book)", #"sources = ["ids"]"#),
    ("EmbeddingNormalization(@two, _, @codes, %ids, @book, @two, @two)", #"sources = ["ids"], bits = [4]"#),
    ("EmbeddingNormalization(@short, _, @codes, %ids, @book)", #"sources = ["ids"], bits = [4]"#),
    ("EmbeddingNormalization(@two, _, @two, %ids, @book)", #"sources = ["ids"], bits = [4]"#),
    ("QuantizedEmbedding(_, @two, @short, @codes, %ids, @book)", #"sources = ["ids"], bits = [4]"#),
    ("QuantizedEmbedding(_, @one, _, @table, %ids)", #"sources = ["ids"]"#),
  ])
  func misfitsAreRefused(_ node: String, _ attributes: String) throws {
    let text = """
      graph (%ids: i64[1, 1]) -> (%y) {
        @one: f32[] = [1.0]
        @two: f32[2] = [1.0, 2.0]
        @short: f32[3] = [1.0, 2.0, 3.0]
        @table: f32[2, 2] = [1.0, 2.0, 3.0, 4.0]
        @book: f32[16] = [\(Array(repeating: "1.0", count: 16).joined(separator: ", "))]
        @codes: u8[3, 1] = [17, 34, 255]
        %y = lathe::\(node) {\(attributes)}
      }
      """
    #expect(throws: Diagnostic.self) {
      let graph = try GraphParser(catalog: .standard).parse(text)
      _ = try Verifier().verify(graph)
      var inferred = graph
      try inferred.inferTypes()
    }
  }

  @Test(arguments: [3, -4, Int64.max, Int64.min]) func rowsThatAreNotThereAreRefused(_ id: Int64) throws {
    let table = try Table(rows: 3, width: 4, bits: 5, isScaled: true, seed: 1)
    let ids = try Tensor([0, id], shape: [1, 2])
    #expect(throws: Diagnostic.self) {
      try CodedGather(bits: 5, width: 4).evaluate([table.codes, ids, table.codebook, table.scales])
    }
    var embedding = EmbeddingNormalization(sources: [.ids])
    embedding.bits = [5]
    let scale = try Tensor.seeded(.float32, [4], seed: 1)
    let operands = [scale, nil, table.codes, ids, table.codebook, table.scales]
    #expect(throws: Diagnostic.self) { try embedding.evaluate(operands) }
    #expect(throws: Diagnostic.self) { try QuantizedEmbedding(embedding).evaluate([nil] + operands) }
  }
}
