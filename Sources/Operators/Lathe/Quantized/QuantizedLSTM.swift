import LatheDiagnostics
import LatheIR
import LatheTensors

/// PackedLSTM on symmetric INT8 values, whose state is INT8 from step to step.
///
/// X is [batch, steps, inputs] with `x_scale`, one number or one for each row ([batch, steps, 1]); W and R are those of PackedLSTM with a
/// scale for each row of each direction. Products are summed in 32-bit integers. The hidden state lies within −1 … 1 and is read as INT8
/// values with the scale 1/127; the cell stays in floats. Y, Y_h and Y_c are floats, and Q is Y as INT8 values with that scale. Floats are
/// computed in `CanonicalArithmetic`.
///
/// No standard operator rounds a state between its steps: decomposition computes the recurrence in floats, on the weights that the INT8
/// values mean.
public struct QuantizedLSTM: Evaluable {
  public static let schema = OperatorSchema(
    "QuantizedLSTM", domain: "lathe", since: 1,
    inputs: [
      .init("X", "", [.int8]), .init("x_scale", "S", [.float32]), .init("W", "", [.int8]), .init("w_scale", "S", [.float32]),
      .init("R", "", [.int8]), .init("r_scale", "S", [.float32]), .init("B", "S", [.float32], .optional),
      .init("lengths", "", [.int32], .optional),
    ],
    outputs: [
      .init("Y", "S", [.float32], .optional), .init("Y_h", "S", [.float32], .optional), .init("Y_c", "S", [.float32], .optional),
      .init("Q", "", [.int8], .optional),
    ],
    attributes: PackedLSTM.schema.attributes)

  /// Which passes over the sequence are made.
  public var direction: LSTM.Direction

  public init(direction: LSTM.Direction = .forward) { self.direction = direction }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    direction = try attributes.choice("direction", default: .forward)
  }

  public func encode(into attributes: inout Attributes) {
    if direction != .forward { attributes.set("direction", direction.rawValue) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    try inputs.checkScale(of: 0, at: 1, name)
    var floats: [Operand?] = []
    for position in [0, 2, 4] { floats.append(Operand(type: .tensor(TensorType(.float32, try inputs.tensor(position).shape)))) }
    let result = try PackedLSTM(direction: direction).infer(floats + [inputs.optional(6), inputs.optional(7)])
    for position in [2, 4] {
      let (weights, scale) = (try inputs.tensor(position), try inputs.tensor(position + 1))
      if let depth = weights.shape?.last?.known, depth > Self.mostInputs { throw misfit("sums of \(depth) products do not fit 32 bits") }
      guard let own = scale.shape else { continue }
      let rows = weights.shape.map { Array($0.prefix(2)) } ?? [.unknown, .unknown]
      guard own.count == 2, !zip(own, rows).contains(where: { $0.isProvablyDifferent(from: $1) }) else {
        throw misfit("scales of \(scale) do not fit weights of \(weights)")
      }
    }
    return result + [.tensor(TensorType(.int8, result[0].tensor?.shape))]
  }

  /// Products whose sum stays within 32 bits.
  private static let mostInputs = 131_071

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (x, r) = (try inputs.required(0), try inputs.required(4))
    let (batch, steps, hidden) = (x.shape[0], x.shape[1], r.shape[2])
    let width = direction.count * hidden
    // Without a sequence or a state there is nothing to step through, however many steps there are.
    guard batch > 0, hidden > 0 else {
      let state = try Tensor([Float](), shape: [batch, width])
      return [try Tensor([Float](), shape: [batch, steps, width]), state, state, try Tensor([Int8](), shape: [batch, steps, width])]
    }
    let lengths = inputs.optional(7)?.integers() ?? Array(repeating: steps, count: batch)
    if let outside = lengths.first(where: { $0 < 0 || $0 > steps }) {
      throw misfit("a sequence length of \(outside) is outside 0 to \(steps) steps")
    }
    var (y, codes) = ([Float](repeating: 0, count: batch * steps * width), [Int8](repeating: 0, count: batch * steps * width))
    var (lastHidden, lastCell) = ([Float](repeating: 0, count: batch * width), [Float](repeating: 0, count: batch * width))
    for pass in 0..<direction.count {
      let isReverse = direction == .reverse || pass == 1
      let layer = try QuantizedLSTMPass(inputs, pass: pass)
      for (sequence, length) in lengths.enumerated() {
        var state = QuantizedLSTMPass.State(hidden)
        for step in 0..<length {
          let row = sequence * steps + (isReverse ? length - 1 - step : step)
          layer.advance(&state, at: row)
          for unit in 0..<hidden {
            y[row * width + pass * hidden + unit] = state.hidden[unit]
            codes[row * width + pass * hidden + unit] = state.codes[unit]
          }
        }
        for unit in 0..<hidden {
          lastHidden[sequence * width + pass * hidden + unit] = state.hidden[unit]
          lastCell[sequence * width + pass * hidden + unit] = state.cell[unit]
        }
      }
    }
    return [
      try Tensor(y, shape: [batch, steps, width]), try Tensor(lastHidden, shape: [batch, width]), try Tensor(lastCell, shape: [batch, width]),
      try Tensor(codes, shape: [batch, steps, width]),
    ]
  }

  private func misfit(_ message: String) -> Diagnostic { .invalid("operator/quantized-lstm", "QuantizedLSTM: \(message)") }
}

/// One direction of the layer.
private struct QuantizedLSTMPass {
  /// What one sequence carries from step to step: the output as it is and as it is read, and the cell.
  struct State {
    var hidden: [Float]
    var codes: [Int8]
    var cell: [Float]

    init(_ count: Int) {
      hidden = Array(repeating: 0, count: count)
      codes = Array(repeating: 0, count: count)
      cell = Array(repeating: 0, count: count)
    }
  }

  private let x: [Int8]
  private let xScale: QuantizedRows
  /// [4 · hidden, inputs] and [4 · hidden, hidden], and a scale for each row.
  private let weights, recurrence: [Int8]
  private let scales, stateScales: [Float]
  /// The sums of both biases.
  private let bias: [Float]?
  private let inputs, hidden: Int

  init(_ operands: [Tensor?], pass: Int) throws(Diagnostic) {
    let (source, w, r) = (try operands.required(0), try operands.required(2), try operands.required(4))
    (inputs, hidden) = (w.shape[2], r.shape[2])
    let rows = 4 * r.shape[2]
    x = source.elements(as: Int8.self) ?? []
    xScale = try QuantizedRows(source, scale: operands.required(1))
    weights = try w.part(pass, axis: 0).elements(as: Int8.self) ?? []
    recurrence = try r.part(pass, axis: 0).elements(as: Int8.self) ?? []
    scales = try operands.required(3).part(pass, axis: 0).elements(as: Float.self) ?? []
    stateScales = try operands.required(5).part(pass, axis: 0).elements(as: Float.self)?.map { $0 * (1 / 127) } ?? []
    let biases = try operands.optional(6)?.part(pass, axis: 0).elements(as: Float.self)
    bias = biases.map { biases in (0..<rows).map { biases[$0] + biases[$0 + rows] } }
  }

  /// A row of the weights times `count` values of a list from `start` on.
  private static func product(_ list: [Int8], _ start: Int, _ weights: [Int8], _ row: Int, _ count: Int) -> Float {
    list.withUnsafeBufferPointer { list in
      weights.withUnsafeBufferPointer { weights in
        var sum: Int32 = 0
        for index in 0..<count { sum &+= Int32(list[start + index]) &* Int32(weights[row * count + index]) }
        return Float(sum)
      }
    }
  }

  /// The sum of one gate of one unit, for a row of X.
  private func gate(_ index: Int, _ state: [Int8], _ row: Int) -> Float {
    let (sum, factor) = (Self.product(x, row * inputs, weights, index, inputs), xScale.scale(row) * scales[index])
    let own = bias.map { CanonicalArithmetic.fused(sum, factor, $0[index]) } ?? sum * factor
    return CanonicalArithmetic.fused(Self.product(state, 0, recurrence, index, hidden), stateScales[index], own)
  }

  func advance(_ state: inout State, at row: Int) {
    let previous = state.codes
    for unit in 0..<hidden {
      func opening(_ gate: Int) -> Float {
        CanonicalArithmetic.activated(self.gate(gate * hidden + unit, previous, row), by: gate == 3 ? .tanh : .sigmoid)
      }
      state.cell[unit] = CanonicalArithmetic.fused(opening(2), state.cell[unit], opening(0) * opening(3))
      state.hidden[unit] = opening(1) * CanonicalArithmetic.activated(state.cell[unit], by: .tanh)
      state.codes[unit] = CanonicalArithmetic.quantized(state.hidden[unit] * 127)
    }
  }
}

extension QuantizedLSTM: Decomposable {
  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    func operand(_ position: Int) -> ValueID? { position < inputs.count ? inputs[position] : nil }
    let x: ValueID
    if let scale = operand(1), builder.graph[scale].type?.tensor?.rank != 0 {
      // A scale for each row of all outer axes is more than DequantizeLinear takes.
      x = try builder.add(Mul(), [try builder.add(Cast(to: .float32), [operand(0)]), scale])
    } else {
      x = try builder.add(DequantizeLinear(), [operand(0), operand(1)])
    }
    let w = try floats(operand(2), operand(3), in: &builder)
    let r = try floats(operand(4), operand(5), in: &builder)
    let results = try PackedLSTM(direction: direction).decompose([x, w, r, operand(6), operand(7)], in: &builder)
    let scale = try builder.number(1.0 / 127, like: results[0])
    return results + [try builder.add(QuantizeLinear(outputType: .int8), [results[0], scale])]
  }

  /// Weights [directions, rows, columns] of INT8 values with a scale for each row.
  private func floats(_ codes: ValueID?, _ scale: ValueID?, in builder: inout GraphBuilder) throws(Diagnostic) -> ValueID {
    guard let codes, let scale, let shape = builder.graph[codes].type?.tensor?.knownShape, shape.count == 3 else {
      throw .invalid("operator/decomposition", "QuantizedLSTM: the extents of the weights are not known")
    }
    let rows = try builder.reshaped(codes, to: [shape.prefix(2).clampedProduct, shape[2]])
    let scales = try builder.reshaped(scale, to: [-1])
    return try builder.reshaped(try builder.add(DequantizeLinear(axis: 0), [rows, scales]), to: shape)
  }
}
