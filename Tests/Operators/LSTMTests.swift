import Foundation
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct LSTMTests {
  static let (steps, batch, features, hidden) = (5, 3, 4, 2)

  /// Operands of a layer: X, W, R, B, sequence_lens, initial_h, initial_c, P.
  private func operands(_ op: LSTM, lengths: [Int32]? = nil, dtype: DType = .float64) throws -> [Tensor?] {
    let (steps, batch, features, hidden) = (Self.steps, Self.batch, Self.features, Self.hidden)
    let count = op.direction.count
    let state = op.isBatchFirst ? [batch, count, hidden] : [count, batch, hidden]
    return [
      try .seeded(dtype, op.isBatchFirst ? [batch, steps, features] : [steps, batch, features], seed: 1),
      try .seeded(dtype, [count, 4 * hidden, features], seed: 2),
      try .seeded(dtype, [count, 4 * hidden, hidden], seed: 3),
      try .seeded(dtype, [count, 8 * hidden], seed: 4), try lengths.map { try Tensor($0, shape: [batch]) },
      try .seeded(dtype, state, seed: 5), try .seeded(dtype, state, seed: 6),
      try .seeded(dtype, [count, 3 * hidden], seed: 7),
    ]
  }

  /// The specification's equations for one sequence in one direction, scalar by scalar.
  private func reference(
    _ inputs: [Tensor?], pass: Int, sequence: Int, positions: [Int], couples: Bool = false, clip: Double = .infinity
  ) throws -> (outputs: [[Double]], h: [Double], c: [Double]) {
    let (batch, features, hidden) = (Self.batch, Self.features, Self.hidden)
    let values = inputs.map { $0?.doubles() ?? [] }
    func gate(_ index: Int, _ unit: Int, _ x: [Double], _ h: [Double], _ peep: Double, _ slot: Int?) -> Double {
      let row = index * hidden + unit
      var sum = 0.0
      for k in 0..<features { sum += x[k] * values[1][(pass * 4 * hidden + row) * features + k] }
      for k in 0..<hidden { sum += h[k] * values[2][(pass * 4 * hidden + row) * hidden + k] }
      sum += values[3][pass * 8 * hidden + row] + values[3][pass * 8 * hidden + 4 * hidden + row]
      if let slot { sum += values[7][pass * 3 * hidden + slot * hidden + unit] * peep }
      return min(max(sum, -clip), clip)
    }
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let start = (pass * batch + sequence) * hidden
    var (h, c) = (Array(values[5][start..<start + hidden]), Array(values[6][start..<start + hidden]))
    if positions.isEmpty { (h, c) = (h.map { _ in 0 }, c.map { _ in 0 }) }
    var outputs: [[Double]] = []
    for position in positions {
      let offset = (position * batch + sequence) * features
      let x = Array(values[0][offset..<offset + features])
      var (nextH, nextC) = (h, c)
      for unit in 0..<hidden {
        let i = sigmoid(gate(0, unit, x, h, c[unit], 0))
        let f = couples ? 1 - i : sigmoid(gate(2, unit, x, h, c[unit], 2))
        nextC[unit] = f * c[unit] + i * tanh(gate(3, unit, x, h, 0, nil))
        nextH[unit] = sigmoid(gate(1, unit, x, h, nextC[unit], 1)) * tanh(nextC[unit])
      }
      (h, c) = (nextH, nextC)
      outputs.append(h)
    }
    return (outputs, h, c)
  }

  @Test(arguments: [LSTM.Direction.forward, .reverse, .bidirectional], [nil, [5, 2, 0]] as [[Int32]?])
  func followsTheEquations(_ direction: LSTM.Direction, _ lengths: [Int32]?) throws {
    let (steps, batch, hidden) = (Self.steps, Self.batch, Self.hidden)
    for (couples, clip) in [(false, nil), (true, nil), (false, Float(0.5))] {
      let op = LSTM(direction: direction, hiddenSize: hidden, clip: clip, couplesGates: couples)
      let inputs = try operands(op, lengths: lengths)
      let count = direction.count
      var y = [Double](repeating: 0, count: steps * count * batch * hidden)
      var (lastH, lastC): ([Double], [Double]) = ([], [])
      for pass in 0..<count {
        for sequence in 0..<batch {
          let length = lengths.map { Int($0[sequence]) } ?? steps
          let isReverse = direction == .reverse || pass == 1
          let positions = isReverse ? Array((0..<length).reversed()) : Array(0..<length)
          let (outputs, h, c) = try reference(
            inputs, pass: pass, sequence: sequence, positions: positions, couples: couples,
            clip: clip.map(Double.init) ?? .infinity)
          for (position, output) in zip(positions, outputs) {
            for unit in 0..<hidden { y[((position * count + pass) * batch + sequence) * hidden + unit] = output[unit] }
          }
          lastH += h
          lastC += c
        }
      }
      let expected = [
        try Tensor(y, shape: [steps, count, batch, hidden]), try Tensor(lastH, shape: [count, batch, hidden]),
        try Tensor(lastC, shape: [count, batch, hidden]),
      ]
      try checkOperator(op, inputs: inputs, expected: expected, tolerance: Tolerance(absolute: 1e-12, relative: 1e-12))
    }
  }

  @Test func batchFirstIsTheSameTurned() throws {
    let op = LSTM(direction: .bidirectional)
    let inputs = try operands(op, lengths: [5, 3, 1])
    let outputs = try op.evaluate(inputs)
    var turned = inputs
    for position in [0, 5, 6] {
      turned[position] = try Transpose(permutation: [1, 0, 2]).evaluate([inputs[position]])[0]
    }
    let other = try checkOperator(LSTM(direction: .bidirectional, isBatchFirst: true), inputs: turned)
    #expect(try other[0] == Transpose(permutation: [2, 0, 1, 3]).evaluate([outputs[0]])[0])
    #expect(try other[1] == Transpose(permutation: [1, 0, 2]).evaluate([outputs[1]])[0])
  }

  @Test(arguments: [DType.float32, .float16, .bfloat16])
  func narrowTypesAreNear(_ dtype: DType) throws {
    let op = LSTM(direction: .bidirectional)
    let inputs = try operands(op, dtype: dtype)
    let wide = try op.evaluate(inputs.map { tensor in try tensor.map { try Cast(to: .float64).evaluate([$0])[0] } })
    let outputs = try checkOperator(op, inputs: inputs)
    let tolerance: Tolerance =
      dtype == .float32 ? Tolerance(absolute: 1e-5) : Tolerance(absolute: dtype == .float16 ? 1e-3 : 1e-2)
    for (output, reference) in zip(outputs, wide) {
      let difference = try Cast(to: .float64).evaluate([output])[0].difference(from: reference, tolerance)
      #expect(difference == nil)
    }
  }

  @Test(arguments: [
    "Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu", "Softsign", "Softplus", "relu",
  ])
  func activationsAreKnown(_ name: String) throws {
    let op = LSTM(activations: ["Sigmoid", name, "Tanh"], activationAlphas: [0.5], activationBetas: [0.25])
    try checkOperator(op, inputs: operands(op))
  }

  @Test func misfitsAreRefused() throws {
    let op = LSTM()
    let good = try operands(op)
    try checkOperator(op, inputs: Array(good.prefix(3)))
    for position in [0, 1, 2, 3, 5, 6, 7] {
      var inputs = good
      let shape = try #require(good[position]).shape
      for axis in shape.indices {
        var wrong = shape
        wrong[axis] += 1
        // The number of steps is X's alone.
        if position == 0, axis == 0 { continue }
        inputs[position] = try Tensor.seeded(.float64, wrong, seed: 1)
        expectRefusal(op, inputs, "operator/lstm")
      }
      inputs[position] = try Tensor.seeded(.float64, [2], seed: 1)
      expectRefusal(op, inputs, "operator/lstm")
    }
    for length in [Int32(-1), 6, .max, .min] {
      var inputs = good
      inputs[4] = try Tensor([length, 1, 1], shape: [3])
      expectRefusal(op, inputs, "operator/lstm")
    }
    expectRefusal(LSTM(hiddenSize: 3), good, "operator/lstm")
    expectRefusal(LSTM(hiddenSize: .max), good, "operator/lstm")
    expectRefusal(LSTM(hiddenSize: -1), good, "operator/lstm")
    for (name, value) in [
      ("activations", Attribute.strings(["Sigmoid"])), ("activations", .strings(["Sigmoid", "Tanh", "Mystery"])),
      ("direction", .string("sideways")), ("clip", .float(-1)),
    ] {
      #expect(throws: Diagnostic.self) { try LSTM(decoding: Attributes([(name, value)])) }
    }
  }
}
