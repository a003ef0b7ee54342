import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

/// The operators of the lathe domain, against ONNX's own operators for the same job.
@Suite struct LatheOperatorTests {
  private func tensor(_ shape: [Int], _ seed: UInt64) throws -> Tensor { try Tensor.seeded(.float32, shape, seed: seed) }

  @Test(arguments: LinearActivation.allCases) func linear(_ activation: LinearActivation) throws {
    let (x, w, b, r) = (try tensor([2, 3, 4], 1), try tensor([4, 5], 2), try tensor([5], 3), try tensor([2, 3, 5], 4))
    let flat = try Gemm().evaluate([try x.reshaped(to: [6, 4]), w, b])[0].reshaped(to: [2, 3, 5])
    let operators: [LinearActivation: any Evaluable] = [
      .relu: Relu(), .gelu: Gelu(), .tanhGelu: Gelu(approximation: .tanh), .tanh: Tanh(), .sigmoid: Sigmoid(), .silu: Swish(),
      .quickGelu: Swish(alpha: 1.702), .hardSwish: HardSwish(),
    ]
    var activated = try operators[activation].map { try $0.evaluate([flat])[0] } ?? flat
    if activation == .relu6 {
      activated = try Clip().evaluate([flat, try Tensor([0] as [Float], shape: []), try Tensor([6] as [Float], shape: [])])[0]
    }
    let expected = try Add().evaluate([activated, r])[0]
    let tolerance = Tolerance(absolute: 1e-6, relative: 1e-5)
    try checkOperator(Linear(activation: activation), inputs: [x, w, b, r], expected: [expected], tolerance: tolerance)
    try checkOperator(Linear(activation: activation), inputs: [x, w], tolerance: tolerance)
  }

  @Test(arguments: [1, 2]) func convolution(_ groups: Int) throws {
    let (x, w) = (try tensor([2, 4, 5, 6], 1), try tensor([6, 4 / groups, 3, 2], 2))
    let (b, r) = (try tensor([6], 3), try tensor([2, 6, 3, 5], 4))
    let conv = Conv(groups: groups)
    let sum = try Add().evaluate([try conv.evaluate([x, w, b])[0], r])[0]
    let expected = try Relu().evaluate([sum])[0]
    let tolerance = Tolerance(absolute: 1e-6, relative: 1e-5)
    try checkOperator(Convolution(conv, activation: .relu), inputs: [x, w, b, r], expected: [expected], tolerance: tolerance)
    try checkOperator(Convolution(conv), inputs: [x, w], expected: try conv.evaluate([x, w]), tolerance: tolerance)
  }

  @Test(arguments: LSTM.Direction.allCases) func packedLSTM(_ direction: LSTM.Direction) throws {
    let d = direction.count
    let (w, r, b) = (try tensor([d, 12, 4], 2), try tensor([d, 12, 3], 3), try tensor([d, 24], 4))
    let (x, lengths) = (try tensor([2, 5, 4], 1), try Tensor([5, 3] as [Int32], shape: [2]))
    let outputs = try LSTM(direction: direction, isBatchFirst: true).evaluate([x, w, r, b, lengths])
    let expected = [
      try outputs[0].reshaped(to: [2, 5, 3 * d]), try outputs[1].reshaped(to: [2, 3 * d]), try outputs[2].reshaped(to: [2, 3 * d]),
    ]
    try checkOperator(PackedLSTM(direction: direction), inputs: [x, w, r, b, lengths], expected: expected)
    try checkOperator(PackedLSTM(direction: direction), inputs: [x, w, r])
  }

  @Test(arguments: LSTM.Direction.allCases, [false, true]) func packedGRU(_ direction: LSTM.Direction, _ isLinear: Bool) throws {
    let d = direction.count
    let (w, r, b) = (try tensor([d, 9, 4], 2), try tensor([d, 9, 3], 3), try tensor([d, 18], 4))
    let (x, lengths) = (try tensor([2, 5, 4], 1), try Tensor([5, 3] as [Int32], shape: [2]))
    let settings = RecurrentSettings(direction: direction, isBatchFirst: true)
    let outputs = try GRU(settings: settings, appliesResetToProduct: isLinear).evaluate([x, w, r, b, lengths])
    let expected = [try outputs[0].reshaped(to: [2, 5, 3 * d]), try outputs[1].reshaped(to: [2, 3 * d])]
    let op = PackedGRU(direction: direction, appliesResetToProduct: isLinear)
    try checkOperator(op, inputs: [x, w, r, b, lengths], expected: expected)
    try checkOperator(op, inputs: [x, w, r])
  }

  private func codes(_ shape: [Int], _ seed: UInt64) throws -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return try Tensor((0..<shape.reduce(1, *)).map { _ in Int8.random(in: -127...127, using: &generator) }, shape: shape)
  }

  /// What INT8 values mean; `scale` is one number, or one for each row.
  private func floats(_ codes: Tensor, _ scale: Tensor) throws -> Tensor {
    guard scale.rank > 0 else { return try DequantizeLinear().evaluate([codes, scale])[0] }
    let rows = try codes.reshaped(to: [scale.elementCount, codes.elementCount / scale.elementCount])
    return try DequantizeLinear(axis: 0).evaluate([rows, try scale.reshaped(to: [scale.elementCount])])[0].reshaped(to: codes.shape)
  }

  @Test(arguments: [1, 2]) func quantizedConvolution(_ groups: Int) throws {
    let (x, w) = (try codes([2, 4, 5, 6], 1), try codes([6, 4 / groups, 3, 2], 2))
    let (b, r) = (try tensor([6], 3), try codes([2, 6, 3, 5], 4))
    let (scale, scales) = (try Tensor.scalar(Float(0.01)), try Tensor([0.01, 0.02, 0.005, 0.03, 0.01, 0.007] as [Float], shape: [6]))
    let convolution = Convolution(Conv(groups: groups), activation: .relu)
    let (xs, ws) = (try floats(x, scale), try floats(w, scales))
    let tolerance = Tolerance(absolute: 1e-4, relative: 1e-5)
    let expected = try convolution.evaluate([xs, ws, b, try floats(r, scale)])
    let outputs = try checkOperator(
      QuantizedConvolution(convolution), inputs: [x, scale, w, scales, b, r, scale, scale], expected: expected, tolerance: tolerance)
    let bounded = try Clip().evaluate([expected[0], nil, try Tensor.scalar(Float(1.27))])[0]
    #expect(try floats(outputs[1], scale).difference(from: bounded, Tolerance(absolute: 0.0051)) == nil)
    try checkOperator(
      QuantizedConvolution(convolution), inputs: [x, scale, w, scales], expected: try convolution.evaluate([xs, ws]), tolerance: tolerance)
  }

  @Test(arguments: [1, 2]) func quantizedConvolutionWithZeroPoints(_ groups: Int) throws {
    let bytes = try codes([2, 4, 5, 6], 1).elements(as: Int8.self) ?? []
    let (x, own) = (try Tensor(bytes.map { UInt8(bitPattern: $0) }, shape: [2, 4, 5, 6]), try Tensor.scalar(UInt8(100)))
    let (w, zeroes) = (try codes([6, 4 / groups, 3, 2], 2), try codes([6], 5))
    let (b, r) = (try tensor([6], 3), try tensor([2, 6, 4, 6], 4))
    let (scale, scales) = (try Tensor.scalar(Float(0.01)), try Tensor([0.01, 0.02, 0.005, 0.03, 0.01, 0.007] as [Float], shape: [6]))
    // What padding means is 0, whatever the codes.
    let convolution = Convolution(Conv(window: SlidingWindow(pads: [1, 1, 0, 0]), groups: groups), activation: .relu)
    let xs = try DequantizeLinear().evaluate([x, scale, own])[0]
    let ws = try DequantizeLinear(axis: 0).evaluate([w, scales, zeroes])[0]
    let expected = try convolution.evaluate([xs, ws, b, r])
    let tolerance = Tolerance(absolute: 1e-4, relative: 1e-5)
    let last = try Tensor.scalar(UInt8(17))
    let outputs = try checkOperator(
      QuantizedConvolution(convolution), inputs: [x, scale, w, scales, b, r, nil, scale, own, last, zeroes], expected: expected,
      tolerance: tolerance)
    #expect(try QuantizeLinear().evaluate([outputs[0], scale, last])[0] == outputs[1])
  }

  @Test(arguments: LSTM.Direction.allCases) func quantizedLSTM(_ direction: LSTM.Direction) throws {
    let layer = PackedLSTM(direction: direction)
    try checkRecurrence(QuantizedLSTM(layer), layer, direction, gates: 4)
  }

  @Test(arguments: LSTM.Direction.allCases, [false, true]) func quantizedGRU(_ direction: LSTM.Direction, _ isLinear: Bool) throws {
    let layer = PackedGRU(direction: direction, appliesResetToProduct: isLinear)
    try checkRecurrence(QuantizedGRU(layer), layer, direction, gates: 3)
  }

  /// Holds a recurrent layer on INT8 values to the layer on what they mean.
  private func checkRecurrence(_ op: any Evaluable, _ layer: any Evaluable, _ direction: LSTM.Direction, gates: Int) throws {
    let (d, rows) = (direction.count, 3 * gates)
    let (x, w, r) = (try codes([2, 5, 4], 1), try codes([d, rows, 4], 2), try codes([d, rows, 3], 3))
    let (b, lengths) = (try tensor([d, 2 * rows], 4), try Tensor([5, 3] as [Int32], shape: [2]))
    let scales = try Tensor((0..<rows * d).map { 0.002 + 0.0005 * Float($0 % 7) }, shape: [d, rows])
    let (scale, own) = (try Tensor.scalar(Float(0.01)), try Tensor((0..<10).map { 0.01 + 0.002 * Float($0) }, shape: [2, 5, 1]))
    let (ws, rs) = (try floats(w, scales), try floats(r, scales))
    // States are rounded to multiples of 1/127 between steps.
    let tolerance = Tolerance(absolute: 0.05)
    let outputs = try checkOperator(
      op, inputs: [x, scale, w, scales, r, scales, b, lengths], expected: try layer.evaluate([try floats(x, scale), ws, rs, b, lengths]),
      tolerance: tolerance)
    let codes = try #require(outputs.last)
    #expect(try floats(codes, try Tensor.scalar(Float(1) / 127)).difference(from: outputs[0], Tolerance(absolute: 0.004)) == nil)
    for (output, expected) in zip(try op.evaluate([x, own, w, scales, r, scales]), try layer.evaluate([try floats(x, own), ws, rs])) {
      #expect(output.difference(from: expected, tolerance) == nil)
    }
  }

  @Test(arguments: [("lathe::PackedLSTM(%x, @w, @r)", 8), ("lathe::PackedGRU(%x, @w, @r) {linear_before_reset = 1}", 6)])
  func packedLayersSayTheirExtentAsOtherRuntimesWant(_ node: String, _ rows: Int) throws {
    func numbers(_ count: Int) -> String { (0..<count).map { "0.\($0)" }.joined(separator: ", ") }
    var graph = try GraphParser(catalog: .standard).parse(
      """
      graph (%x: f32[n, s, 1]) -> (%y) {
        @w: f32[1, \(rows), 1] = [\(numbers(rows))]
        @r: f32[1, \(rows), 2] = [\(numbers(2 * rows))]
        %y = \(node)
      }
      """)
    try graph.inferTypes()
    try graph.decompose { id, graph in graph[id].op.name.domain == "lathe" }
    let size = graph.order.compactMap { id in
      (graph[id].op as? LSTM)?.hiddenSize ?? (graph[id].op as? GRU).flatMap { $0.appliesResetToProduct ? $0.settings.hiddenSize : nil }
    }
    #expect(size == [2])
  }

  @Test func attentionEqualsThatOfONNX() throws {
    let (q, k, v) = (try tensor([2, 3, 8], 1), try tensor([2, 5, 8], 2), try tensor([2, 5, 12], 3))
    let (added, chosen) = (
      try tensor([2, 1, 1, 5], 4), try Tensor((0..<30).map { $0 % 5 != 2 }, shape: [2, 1, 3, 5])
    )
    let standard = Attention(heads: 4, sharedHeads: 4, scale: 0.3)
    let tolerance = Tolerance(absolute: 2e-6, relative: 1e-5)
    for mask in [nil, added, chosen] {
      let expected = try standard.evaluate([q, k, v, mask])[0]
      try checkOperator(
        FusedAttention(heads: 4, scale: 0.3), inputs: [q, k, v, mask], expected: [expected], tolerance: tolerance)
    }
  }

  @Test func packedAttentionEqualsItsParts() throws {
    let qkv = try tensor([2, 3, 24], 1)
    let parts = try Split(axis: 2, pieces: 3).evaluate([qkv])
    let op = FusedAttention(heads: 2, scale: 0.5)
    let tolerance = Tolerance(absolute: 2e-6, relative: 1e-5)
    try checkOperator(op, inputs: [qkv], expected: try op.evaluate(parts), tolerance: tolerance)
  }

  @Test func maskedRowsAreZeroOnDemand() throws {
    let x = try tensor([1, 2, 4], 1)
    let mask = try Tensor([false, false, true, true], shape: [1, 1, 2, 2])
    let row = try #require(
      try FusedAttention(heads: 1, scale: 1, zeroesMaskedRows: true).evaluate([x, x, x, mask])[0].doubles())
    #expect(row[..<4].allSatisfy { $0 == 0 } && row[4...].contains { $0 != 0 })
    let raw = try #require(try FusedAttention(heads: 1, scale: 1).evaluate([x, x, x, mask])[0].doubles())
    #expect(raw[..<4].allSatisfy { $0.isNaN })
  }

  @Test func embeddingsEqualLookUpsAndNormalization() throws {
    let (words, kinds, places) = (try tensor([6, 4], 1), try tensor([2, 4], 2), try tensor([9, 4], 3))
    let (scale, bias) = (try tensor([4], 4), try tensor([4], 5))
    let ids = try Tensor([Int64(5), 0, 3, 3, 1, 2], shape: [2, 3])
    let kind = try Tensor([Int64(1)], shape: [1, 1])
    let rows = try Tensor([Int64(2), 3, 4], shape: [1, 3])
    var sum = try Gather().evaluate([words, ids])[0]
    sum = try Add().evaluate([sum, try Gather().evaluate([kinds, kind])[0]])[0]
    sum = try Add().evaluate([sum, try Gather().evaluate([places, rows])[0]])[0]
    let expected = try LayerNormalization().evaluate([sum, scale, bias])
    try checkOperator(
      EmbeddingNormalization(sources: [.ids, .ids, .positions], offset: 2),
      inputs: [scale, bias, words, ids, kinds, kind, places], expected: [expected[0]], tolerance: Tolerance(absolute: 1e-6))
  }

  @Test func misfitsAreRefused() throws {
    #expect(throws: Diagnostic.self) { try Linear().infer([Operand(try tensor([2, 3], 1)), Operand(try tensor([4, 5], 2))]) }
    #expect(throws: Diagnostic.self) { try FusedAttention(heads: 5, scale: 1).infer([Operand(try tensor([1, 2, 12], 1))]) }
    #expect(throws: Diagnostic.self) {
      try EmbeddingNormalization(decoding: Attributes([("sources", .strings(["positions"]))]))
    }
  }
}
