import Foundation
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct RecurrentTests {
  static let (steps, batch, features, hidden) = (5, 3, 4, 2)

  /// X, W, R, B, sequence_lens and initial_h of a layer with this many gates.
  private func operands(_ settings: RecurrentSettings, gates: Int, lengths: [Int32]?, dtype: DType = .float64) throws
    -> [Tensor?]
  {
    let (steps, batch, features, hidden) = (Self.steps, Self.batch, Self.features, Self.hidden)
    let count = settings.direction.count
    let isBatchFirst = settings.isBatchFirst
    return [
      try .seeded(dtype, isBatchFirst ? [batch, steps, features] : [steps, batch, features], seed: 1),
      try .seeded(dtype, [count, gates * hidden, features], seed: 2),
      try .seeded(dtype, [count, gates * hidden, hidden], seed: 3),
      try .seeded(dtype, [count, 2 * gates * hidden], seed: 4),
      try lengths.map { try Tensor($0, shape: [batch]) },
      try .seeded(dtype, isBatchFirst ? [batch, count, hidden] : [count, batch, hidden], seed: 5),
    ]
  }

  /// Sums of one gate's row with the input and with a state, biases included.
  private func sums(
    _ values: [[Double]], _ pass: Int, _ row: Int, gates: Int, _ x: [Double], _ h: [Double]
  ) -> (input: Double, state: Double) {
    let (features, hidden) = (Self.features, Self.hidden)
    let width = gates * hidden
    var (input, state) = (values[3][pass * 2 * width + row], values[3][pass * 2 * width + width + row])
    for k in 0..<features { input += x[k] * values[1][(pass * width + row) * features + k] }
    for k in 0..<hidden { state += h[k] * values[2][(pass * width + row) * hidden + k] }
    return (input, state)
  }

  /// One step by the specification's equations; `reset` tells GRU's variant, nil is RNN.
  private func step(_ values: [[Double]], _ pass: Int, _ x: [Double], _ h: [Double], linearReset: Bool?, clip: Double)
    -> [Double]
  {
    let hidden = Self.hidden
    func bounded(_ x: Double) -> Double { min(max(x, -clip), clip) }
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-bounded(x))) }
    guard let linearReset else {
      return (0..<hidden).map { unit in
        let (input, state) = sums(values, pass, unit, gates: 1, x, h)
        return tanh(bounded(input + state))
      }
    }
    func gate(_ index: Int, _ unit: Int) -> Double {
      let (input, state) = sums(values, pass, index * hidden + unit, gates: 3, x, h)
      return sigmoid(input + state)
    }
    let resets = (0..<hidden).map { gate(1, $0) }
    return (0..<hidden).map { unit in
      let row = 2 * hidden + unit
      let (input, plain) = sums(values, pass, row, gates: 3, x, h)
      let turned = sums(values, pass, row, gates: 3, x, zip(resets, h).map(*)).state
      let candidate = tanh(bounded(input + (linearReset ? resets[unit] * plain : turned)))
      return (1 - gate(0, unit)) * candidate + gate(0, unit) * h[unit]
    }
  }

  private func expected(
    _ inputs: [Tensor?], _ settings: RecurrentSettings, _ lengths: [Int32]?, linearReset: Bool?
  ) throws -> [Tensor] {
    let (steps, batch, features, hidden) = (Self.steps, Self.batch, Self.features, Self.hidden)
    let values = inputs.map { $0?.doubles() ?? [] }
    let count = settings.direction.count
    var y = [Double](repeating: 0, count: steps * count * batch * hidden)
    var last: [Double] = []
    for pass in 0..<count {
      for sequence in 0..<batch {
        let length = lengths.map { Int($0[sequence]) } ?? steps
        let start = (pass * batch + sequence) * hidden
        var h = length == 0 ? [Double](repeating: 0, count: hidden) : Array(values[5][start..<start + hidden])
        let isReverse = settings.direction == .reverse || pass == 1
        for position in isReverse ? Array((0..<length).reversed()) : Array(0..<length) {
          let offset = (position * batch + sequence) * features
          let x = Array(values[0][offset..<offset + features])
          h = step(values, pass, x, h, linearReset: linearReset, clip: settings.clip.map(Double.init) ?? .infinity)
          for unit in 0..<hidden { y[((position * count + pass) * batch + sequence) * hidden + unit] = h[unit] }
        }
        last += h
      }
    }
    return [try Tensor(y, shape: [steps, count, batch, hidden]), try Tensor(last, shape: [count, batch, hidden])]
  }

  @Test(arguments: [LSTM.Direction.forward, .reverse, .bidirectional], [nil, [5, 2, 0]] as [[Int32]?])
  func followTheEquations(_ direction: LSTM.Direction, _ lengths: [Int32]?) throws {
    let tolerance = Tolerance(absolute: 1e-12, relative: 1e-12)
    for clip in [nil, Float(0.5)] {
      let settings = RecurrentSettings(direction: direction, hiddenSize: Self.hidden, clip: clip)
      let plain = try operands(settings, gates: 1, lengths: lengths)
      try checkOperator(
        RNN(settings: settings), inputs: plain, expected: expected(plain, settings, lengths, linearReset: nil),
        tolerance: tolerance)
      let gated = try operands(settings, gates: 3, lengths: lengths)
      for linear in [false, true] {
        try checkOperator(
          GRU(settings: settings, appliesResetToProduct: linear), inputs: gated,
          expected: expected(gated, settings, lengths, linearReset: linear), tolerance: tolerance)
      }
    }
  }

  @Test func batchFirstIsTheSameTurned() throws {
    let settings = RecurrentSettings(direction: .bidirectional)
    let inputs = try operands(settings, gates: 3, lengths: [5, 3, 1])
    let outputs = try GRU(settings: settings).evaluate(inputs)
    var turned = inputs
    for position in [0, 5] { turned[position] = try Transpose(permutation: [1, 0, 2]).evaluate([inputs[position]])[0] }
    let batchFirst = RecurrentSettings(direction: .bidirectional, isBatchFirst: true)
    let other = try checkOperator(GRU(settings: batchFirst), inputs: turned)
    #expect(try other[0] == Transpose(permutation: [2, 0, 1, 3]).evaluate([outputs[0]])[0])
    #expect(try other[1] == Transpose(permutation: [1, 0, 2]).evaluate([outputs[1]])[0])
  }

  @Test func refuseWhatDoesNotFit() throws {
    let good = try operands(RecurrentSettings(), gates: 3, lengths: [5, 2, 0])
    for position in [0, 1, 2, 3, 5] {
      var bad = good
      bad[position] = try Tensor.seeded(.float64, [7], seed: 1)
      expectRefusal(GRU(), bad, "operator/recurrent")
    }
    for length: Int32 in [-1, 6, .max] {
      var bad = good
      bad[4] = try Tensor([length, 1, 1], shape: [3])
      expectRefusal(GRU(), bad, "operator/recurrent")
    }
    expectRefusal(GRU(settings: RecurrentSettings(hiddenSize: .max)), good, "operator/recurrent")
    for (name, value) in [
      ("activations", Attribute.strings(["Sigmoid"])), ("direction", .string("sideways")), ("clip", .float(-1)),
    ] {
      #expect(throws: Diagnostic.self) { try GRU(decoding: Attributes([(name, value)])) }
    }
  }
}
