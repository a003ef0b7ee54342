import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheOperators
import LatheRuntime
import LatheTensors
import LatheTestSupport
import Testing

/// Operators on INT8 values: every instruction set and number of threads gives the bits of reference evaluation.
@Suite struct QuantizedTests {
  private static func codes(_ shape: [Int], _ seed: UInt64) throws -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return try Tensor((0..<shape.reduce(1, *)).map { _ in Int8.random(in: -128...127, using: &generator) }, shape: shape)
  }

  private static func scales(_ shape: [Int], _ seed: UInt64, _ most: Float) throws -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return try Tensor((0..<shape.reduce(1, *)).map { _ in Float.random(in: most / 8...most, using: &generator) }, shape: shape)
  }

  @Test(arguments: LinearActivation.allCases) func layers(_ activation: LinearActivation) throws {
    for (index, (m, k, n)) in [(1, 5, 3), (7, 64, 17), (33, 130, 48)].enumerated() {
      let seed = UInt64(index)
      let (x, w) = (try Self.codes([1, m, k], seed), try Self.codes([k, n], seed + 10))
      let (scales, bias) = (try Tensor.seeded(.float32, [n], seed: seed + 20), try Tensor.seeded(.float32, [n], seed: seed + 30))
      let residual = try Tensor.seeded(.float32, [1, m, n], seed: seed + 40)
      let (one, fine) = (try Tensor.scalar(Float(0.013)), try Tensor.scalar(Float(0.0005)))
      let op = QuantizedLinear(activation: activation)
      try expectSameBits(
        op, [(x, false), (one, true), (w, true), (scales, true), (bias, true), (residual, false), (nil, true), (fine, true)], outputs: 2)
      let rows = try Tensor.seeded(.float32, [1, m, 1], seed: seed + 50)
      try expectSameBits(
        op, [(x, false), (rows, false), (w, true), (scales, true), (nil, true), (try Self.codes([1, m, n], seed + 60), false), (one, true)],
        outputs: 1)
      let columns = try Tensor((0..<n).map { Float($0 + 1) * 0.003 }, shape: [n])
      try expectSameBits(op, [(x, false), (one, true), (w, true), (scales, true), (bias, true), (nil, true), (nil, true), (columns, true)], outputs: 2)
      let packed = try PackedQuantizedLinear.packed(w)
      try expectSameBits(
        PackedQuantizedLinear(op, rows: k, columns: n), [(x, false), (one, true), (packed, true), (scales, true), (bias, true)], outputs: 1)
      #expect(try PackedQuantizedLinear.unpacked(packed, rows: k, columns: n) == w)
    }
  }

  @Test(arguments: LSTM.Direction.allCases) func recurrence(_ direction: LSTM.Direction) throws {
    try expectSameRecurrence(QuantizedLSTM(PackedLSTM(direction: direction)), direction, gates: 4, outputs: 4)
  }

  @Test(arguments: LSTM.Direction.allCases, [false, true]) func gatedRecurrence(_ direction: LSTM.Direction, _ isLinear: Bool) throws {
    try expectSameRecurrence(QuantizedGRU(PackedGRU(direction: direction, appliesResetToProduct: isLinear)), direction, gates: 3, outputs: 3)
  }

  private func expectSameRecurrence(_ op: any Operator, _ direction: LSTM.Direction, gates: Int, outputs: Int) throws {
    let d = direction.count
    for (index, (batch, steps, inputs, hidden)) in [(1, 1, 3, 1), (3, 5, 20, 17), (2, 9, 64, 48)].enumerated() {
      let seed = UInt64(index)
      let x = try Self.codes([batch, steps, inputs], seed)
      let (w, r) = (try Self.codes([d, gates * hidden, inputs], seed + 10), try Self.codes([d, gates * hidden, hidden], seed + 20))
      let scales = try Self.scales([d, gates * hidden], seed + 30, 0.01)
      let bias = try Tensor.seeded(.float32, [d, 2 * gates * hidden], seed: seed + 40)
      let lengths = try Tensor((0..<batch).map { Int32(($0 * 4 + 2) % (steps + 1)) }, shape: [batch])
      try expectSameBits(
        op,
        [(x, false), (try Tensor.scalar(Float(0.013)), true), (w, true), (scales, true), (r, true), (scales, true), (bias, true), (lengths, false)],
        outputs: outputs)
      let rows = try Self.scales([batch, steps, 1], seed + 50, 0.1)
      try expectSameBits(op, [(x, false), (rows, false), (w, true), (scales, true), (r, true), (scales, true)], outputs: outputs)
      try expectSameBits(op, [(x, false), (rows, false), (w, true), (scales, true), (r, true), (scales, true), (bias, true)], outputs: 1)
    }
  }

  @Test(arguments: LinearActivation.allCases) func convolutions(_ activation: LinearActivation) throws {
    let window = SlidingWindow(strides: [2, 1], dilations: [1, 2], pads: [1, 2, 0, 1])
    for (index, (groups, perGroup)) in [(1, 5), (2, 3), (6, 1)].enumerated() {
      let (seed, channels) = (UInt64(index), groups * perGroup)
      let (x, w) = (try Self.codes([2, channels, 13, 21], seed), try Self.codes([12, perGroup, 3, 4], seed + 10))
      let (scales, bias) = (try Self.scales([12], seed + 20, 0.01), try Tensor.seeded(.float32, [12], seed: seed + 30))
      let op = QuantizedConvolution(Convolution(Conv(window: window, groups: groups), activation: activation))
      let (one, fine) = (try Tensor.scalar(Float(0.013)), try Tensor.scalar(Float(0.02)))
      let types = try op.infer([x, one, w, scales].map { Operand($0) })
      let shape = try #require(types[0].tensor?.knownShape)
      try expectSameBits(
        op,
        [(x, false), (one, true), (w, true), (scales, true), (bias, true), (try Self.codes(shape, seed + 40), false), (one, true), (fine, true)],
        outputs: 2)
      let residual = try Tensor.seeded(.float32, shape, seed: seed + 50)
      try expectSameBits(op, [(x, false), (one, true), (w, false), (scales, true), (nil, true), (residual, false)], outputs: 1)
    }
  }

  @Test func convolutionsOfLines() throws {
    let (x, w) = (try Self.codes([3, 4, 70], 1), try Self.codes([8, 4, 5], 2))
    let op = QuantizedConvolution(Convolution(Conv(), activation: .relu))
    try expectSameBits(
      op, [(x, false), (try Tensor.scalar(Float(0.013)), true), (w, true), (try Self.scales([8], 3, 0.01), true)], outputs: 1)
  }

  @Test(arguments: [1, 16, 40, 384]) func rows(_ width: Int) throws {
    let x = try Tensor.seeded(.float32, [2, 5, width], seed: 1)
    let scale = try Tensor.scalar(Float(0.007))
    try expectSameBits(QuantizeRows(), [(x, false), (scale, true)], outputs: 1)
    try expectSameBits(QuantizeRows(), [(x, false)], outputs: 2)
    let (gain, bias) = (try Tensor.seeded(.float32, [width], seed: 2), try Tensor.seeded(.float32, [width], seed: 3))
    try expectSameBits(
      QuantizedNormalization(epsilon: 1e-12), [(x, false), (nil, true), (nil, true), (nil, true), (gain, true), (bias, true), (scale, true)],
      outputs: 2)
    try expectSameBits(
      QuantizedNormalization(),
      [(try Self.codes([2, 5, width], 4), false), (scale, true), (x, false), (nil, true), (gain, true)], outputs: 1)
  }

  @Test(arguments: [(1, 1, 1, 8), (2, 7, 2, 64), (1, 200, 3, 33)]) func attention(_ batch: Int, _ steps: Int, _ heads: Int, _ size: Int) throws {
    let x = try Self.codes([batch, steps, 3 * heads * size], 1)
    let scales = try [0.01, 0.02, 0.03].map { try Tensor.scalar(Float($0)) }
    let added = try Tensor((0..<batch * steps).map { $0 % 7 == 3 ? -Float.infinity : Float($0 % 3) }, shape: [batch, 1, 1, steps])
    let kept = try Tensor((0..<batch * heads * steps * steps).map { $0 % 5 != 1 }, shape: [batch, heads, steps, steps])
    let attention = FusedAttention(heads: heads, scale: 0.125, maskedValue: -3e38, zeroesMaskedRows: true)
    for mask in [nil, added, kept] {
      try expectSameBits(
        QuantizedAttention(attention), [(x, false)] + scales.map { ($0, true) } + [(mask, false), (scales[0], true)], outputs: 2)
    }
  }

  @Test(arguments: [(1, 1, 1, 8), (2, 7, 2, 64), (1, 50, 3, 33)]) func separateAttention(_ batch: Int, _ steps: Int, _ heads: Int, _ size: Int) throws {
    let (keys, width) = (steps + 2, size + 3)
    let (q, k) = (try Self.codes([batch, steps, heads * size], 1), try Self.codes([batch, keys, heads * size], 2))
    let v = try Self.codes([batch, keys, heads * width], 3)
    let scales = try [0.01, 0.02, 0.03].map { try Tensor.scalar(Float($0)) }
    let added = try Tensor((0..<batch * keys).map { $0 % 7 == 3 ? -Float.infinity : Float($0 % 3) }, shape: [batch, 1, 1, keys])
    let op = QuantizedAttention(FusedAttention(heads: heads, scale: 0.125))
    for mask in [nil, added] {
      var operands: [(tensor: Tensor?, isConstant: Bool)] = [(q, false)]
      operands += scales.map { ($0, true) }
      operands += [(mask, false), (scales[0], true), (k, false), (v, false)]
      try expectSameBits(op, operands, outputs: 2)
    }
    let all: [Tensor?] = [q, scales[0], scales[1], scales[2], nil, nil, k, v]
    try expectDecomposition(op, all, outputs: 1, within: 0.2)
  }

  @Test func embeddings() throws {
    let op = EmbeddingNormalization(sources: [.ids, .positions, .ids], epsilon: 1e-12, offset: 1)
    let ids = try Tensor([0, 3, 2, 1, 1, 0] as [Int64], shape: [2, 3])
    let kinds = try Tensor([0, 1, 1] as [Int32], shape: [1, 3])
    let tables = try [4, 6, 2].map { try Tensor.seeded(.float32, [$0, 20], seed: UInt64($0)) }
    let (gain, bias) = (try Tensor.seeded(.float32, [20], seed: 7), try Tensor.seeded(.float32, [20], seed: 8))
    try expectSameBits(
      QuantizedEmbedding(op),
      [(try Tensor.scalar(Float(0.01)), true), (gain, true), (bias, true), (tables[0], true), (ids, false), (tables[1], true), (nil, true),
       (tables[2], true), (kinds, false)], outputs: 2)
  }

  /// Random codes of a table, with a codebook and scales.
  private static func table(_ rows: Int, _ width: Int, bits: Int, seed: UInt64) throws -> (codes: Tensor, codebook: Tensor, scales: Tensor) {
    var generator = SeededGenerator(seed: seed)
    let codes = (0..<rows * width).map { _ in UInt8.random(in: 0...UInt8(1 << bits - 1), using: &generator) }
    return (
      try CodedTable.packed(codes, width: width, bits: bits), try Tensor.seeded(.float32, [1 << bits], seed: seed + 1),
      try scales([rows], seed + 2, 1)
    )
  }

  @Test(arguments: CodedTable.allowedBits, [1, 12, 20, 131]) func codedTables(_ bits: Int, _ width: Int) throws {
    let words = try Self.table(5, width, bits: bits, seed: 1)
    let places = try Self.table(6, width, bits: bits == 8 ? 4 : 8, seed: 2)
    let ids = try Tensor([0, 3, -1, 4, 1, 0] as [Int64], shape: [2, 3])
    let gather = CodedGather(bits: bits, width: width)
    try expectSameBits(gather, [(words.codes, true), (ids, false), (words.codebook, true), (words.scales, true)], outputs: 1)
    try expectSameBits(gather, [(words.codes, false), (ids, false), (words.codebook, false)], outputs: 1)
    var op = EmbeddingNormalization(sources: [.ids, .positions, .ids], epsilon: 1e-12, offset: 1)
    op.bits = [bits, bits == 8 ? 4 : 8, 0]
    let kinds = try Tensor([0, 1, 1] as [Int32], shape: [1, 3])
    let (gain, bias) = (try Tensor.seeded(.float32, [width], seed: 7), try Tensor.seeded(.float32, [width], seed: 8))
    let operands: [(tensor: Tensor?, isConstant: Bool)] = [
      (gain, true), (bias, true), (words.codes, true), (ids, false), (places.codes, true), (nil, true),
      (try Tensor.seeded(.float32, [2, width], seed: 9), true), (kinds, false), (words.codebook, true), (words.scales, true),
      (places.codebook, true),
    ]
    try expectSameBits(QuantizedEmbedding(op), [(try Tensor.scalar(Float(0.01)), true)] + operands, outputs: 2)
    try expectNear(op, operands, Tolerance(absolute: 1e-4, relative: 1e-5))
  }

  /// Every instruction set comes close to reference evaluation, by a kernel.
  private func expectNear(_ op: any Operator, _ operands: [(tensor: Tensor?, isConstant: Bool)], _ tolerance: Tolerance) throws {
    var builder = GraphBuilder(provenance: .source("case"))
    var (inputs, feed) = ([ValueID?](), [String: Tensor]())
    for (position, operand) in operands.enumerated() {
      guard let tensor = operand.tensor, !operand.isConstant else {
        inputs.append(try operand.tensor.map { try builder.constant("c\(position)", $0) })
        continue
      }
      inputs.append(try builder.input("x\(position)", tensor.dtype, tensor.shape.map { .known($0) }))
      feed["x\(position)"] = tensor
    }
    let result = try builder.add(op, inputs)
    var graph = builder.graph
    graph.setOutputs([result])
    let expected = try Interpreter(graph).run(feed)
    for set in InstructionSet.available {
      let runtime = try Runtime(graph, threads: 2, instructions: set)
      #expect(try runtime.coverage(feed.mapValues { .tensor($0) }).kernels == 1, "\(op.name) has no kernel here")
      #expect(try runtime.run(feed)[0].difference(from: expected[0], tolerance) == nil, "\(op.name) on \(set.name)")
    }
  }

  @Test func rowsOfCodesThatAreNotThereAreRefused() throws {
    let graph = try GraphParser(catalog: .standard).parse(
      """
      graph (%ids: i64[1, 2]) -> (%y, %z) {
        @codes: u8[2, 1] = [17, 34]
        @book: f32[16] = [\((0..<16).map { "\($0).0" }.joined(separator: ", "))]
        @scale: f32[2] = [1.0, 1.0]
        %y = lathe::EmbeddingNormalization(@scale, _, @codes, %ids, @book) {sources = ["ids"], bits = [4]} : f32[1, 2, 2]
        %z = lathe::CodedGather(@codes, %ids, @book) {bits = 4, width = 2} : f32[1, 2, 2]
      }
      """)
    for id: Int64 in [2, -3, .max, .min] {
      let error = #expect(throws: Diagnostic.self) { try Runtime(graph).run(["ids": try Tensor([0, id], shape: [1, 2])]) }
      #expect(error?.category == .invalidInput)
    }
  }

  /// What an operator decomposes into comes close to it: INT8 values by a few steps, floats to within `bound`.
  private func expectDecomposition(_ op: any Operator, _ operands: [Tensor?], outputs: Int, within bound: Double) throws {
    var builder = GraphBuilder(provenance: .source("case"))
    var (inputs, feed) = ([ValueID?](), [String: Tensor]())
    for (position, operand) in operands.enumerated() {
      guard let operand else {
        inputs.append(nil)
        continue
      }
      inputs.append(try builder.input("x\(position)", operand.dtype, operand.shape.map { .known($0) }))
      feed["x\(position)"] = operand
    }
    let results = try builder.add(op, inputs, outputCount: outputs)
    var graph = builder.graph
    graph.setOutputs(results)
    let expected = try Interpreter(graph).run(feed)
    try graph.decompose { id, graph in graph[id].op.name == op.name }
    for (output, reference) in zip(try Interpreter(graph).run(feed), expected) {
      let tolerance = Tolerance(absolute: reference.dtype == .int8 ? 7 : bound, relative: reference.dtype == .int8 ? 0 : 1e-4)
      #expect(output.difference(from: reference, tolerance) == nil, "\(op.name)")
    }
  }

  @Test func decompositionsComeClose() throws {
    let (one, rows) = (try Tensor.scalar(Float(0.01)), try Self.scales([2, 5, 1], 1, 0.02))
    let (x, w, r) = (try Self.codes([2, 5, 4], 1), try Self.codes([2, 12, 4], 2), try Self.codes([2, 12, 3], 3))
    let (scales, bias) = (try Self.scales([2, 12], 4, 0.005), try Tensor.seeded(.float32, [2, 24], seed: 5))
    let lengths = try Tensor([5, 3] as [Int32], shape: [2])
    for scale in [one, rows] {
      try expectDecomposition(
        QuantizedLSTM(PackedLSTM(direction: .bidirectional)), [x, scale, w, scales, r, scales, bias, lengths], outputs: 4, within: 0.05)
      for isLinear in [false, true] {
        // The same numbers are four states of three gates.
        let (state, layer) = (try Self.codes([2, 12, 4], 3), PackedGRU(direction: .bidirectional, appliesResetToProduct: isLinear))
        try expectDecomposition(QuantizedGRU(layer), [x, scale, w, scales, state, scales, bias, lengths], outputs: 3, within: 0.05)
      }
    }
    let layer = PackedQuantizedLinear(QuantizedLinear(activation: .tanh), rows: 4, columns: 19)
    let packed = try PackedQuantizedLinear.packed(try Self.codes([4, 19], 10))
    try expectDecomposition(layer, [x, one, packed, try Self.scales([19], 11, 0.01)], outputs: 1, within: 1e-4)
    let (image, filters) = (try Self.codes([2, 4, 5, 6], 6), try Self.codes([6, 2, 3, 2], 7))
    let op = QuantizedConvolution(Convolution(Conv(groups: 2), activation: .relu))
    try expectDecomposition(
      op, [image, one, filters, try Self.scales([6], 8, 0.01), nil, try Self.codes([2, 6, 3, 5], 9), one, one], outputs: 2, within: 1e-4)
    let (own, zeroes) = (try Tensor.scalar(Int8(-100)), try Self.codes([6], 12))
    try expectDecomposition(
      op, [image, one, filters, try Self.scales([6], 8, 0.01), nil, nil, nil, one, own, own, zeroes], outputs: 2, within: 1e-4)
  }

  @Test func rowsWithoutAScaleAreRefused() throws {
    let graph = try GraphParser(catalog: .standard).parse(
      "graph (%x: f32[1, 2]) -> (%q, %s) {\n  %q, %s = lathe::QuantizeRows(%x) : i8[1, 2], f32[1, 1]\n}")
    let error = try #require(throws: Diagnostic.self) {
      try Runtime(graph).run(["x": try Tensor([1, .infinity] as [Float], shape: [1, 2])])
    }
    #expect(error.id == "operator/not-finite")
  }

  @Test(arguments: [
    ("lathe::QuantizedLinear(%x, @two, @w, @two)", "i8[2, 2]"), ("lathe::QuantizedLinear(%x, @one, @w, @one)", "i8[2, 2]"),
    ("lathe::QuantizedLinear(%x, @one, @w, @two, _, _, _, @four)", "i8[2, 2]"),
    ("lathe::QuantizedLinear(%x, @one, @w, @two, _, @w, @two)", "i8[2, 2]"), ("lathe::QuantizedLinear(%x, @one, @w, @two, _, @w)", "i8[2, 2]"),
    ("lathe::QuantizeRows(%x, @four)", "f32[2, 2]"), ("lathe::QuantizeRows(%x, _, @one)", "f32[2, 2]"), ("lathe::QuantizedNormalization(%x, @two, _, _, @two)", "i8[2, 2]"),
    ("lathe::QuantizedNormalization(%x, @one, _, _, @one)", "i8[2, 2]"),
    ("lathe::QuantizedAttention(%x, @two, @one, @one) {heads = 1, scale = 1.0}", "i8[1, 2, 6]"),
    ("lathe::QuantizedConvolution(%x, @two, @filter, @one)", "i8[1, 2, 6]"),
    ("lathe::QuantizedConvolution(%x, @one, @filter, @one)", "i8[1, 2, 6]"),
    ("lathe::QuantizedConvolution(%x, @one, @filter, @four)", "i8[1, 2, 6]"),
    ("lathe::QuantizedConvolution(%x, @one, @filter, @two, _, %x)", "i8[1, 2, 6]"),
    ("lathe::QuantizedConvolution(%x, @one, @filter, @two, _, _, _, @two)", "i8[1, 2, 6]"),
    ("lathe::QuantizedLSTM(%x, @two, @gates, @rows, @gates, @rows)", "i8[1, 2, 1]"),
    ("lathe::QuantizedLSTM(%x, @one, @gates, @four, @gates, @rows)", "i8[1, 2, 1]"),
    ("lathe::QuantizedLSTM(%x, @one, @gates, @rows, @gates, @one)", "i8[1, 2, 1]"),
    ("lathe::QuantizedLSTM(%x, @one, @gates, @rows, @gates, @rows)", "i8[1, 2, 2]"),
    ("lathe::QuantizedGRU(%x, @one, @gates, @rows, @gates, @rows)", "i8[1, 2, 1]"),
    ("lathe::QuantizedGRU(%x, @one, @three, @four, @three, @four)", "i8[1, 2, 1]"),
    ("lathe::QuantizedGRU(%x, @one, @three, @threes, @three, @threes, @threes)", "i8[1, 2, 1]"),
  ])
  func misfitsAreRefused(_ node: String, _ type: String) throws {
    let error = #expect(throws: Diagnostic.self) {
      let graph = try GraphParser(catalog: .standard).parse(
        """
        graph (%x: \(type)) -> (%y) {
          @one: f32[] = [1.0]
          @two: f32[2] = [1.0, 2.0]
          @four: f32[4] = [1.0, 2.0, 3.0, 4.0]
          @w: i8[2, 2] = [1, 2, 3, 4]
          @filter: i8[2, 2, 1] = [1, 2, 3, 4]
          @gates: i8[1, 4, 1] = [1, 2, 3, 4]
          @rows: f32[1, 4] = [1.0, 2.0, 3.0, 4.0]
          @three: i8[1, 3, 1] = [1, 2, 3]
          @threes: f32[1, 3] = [1.0, 2.0, 3.0]
          %y = \(node)
        }
        """)
      var typed = graph
      try typed.inferTypes()
    }
    #expect(error?.category == .invalidInput)
  }
}
