import LatheDiagnostics
import LatheIR
import LatheTensors

/// A packed recurrent layer on symmetric INT8 values, whose hidden state is multiplied as INT8 values.
///
/// X is [batch, steps, inputs] with `x_scale`, one number or one for each row ([batch, steps, 1]); W and R are those of the layer in floats with a
/// scale for each row of each direction. Products are summed in 32-bit integers. The hidden state lies within −1 … 1 and is read as INT8
/// values with the scale 1/127. Y and the final states are floats, and Q is Y as INT8 values with that scale. Floats are computed in
/// `CanonicalArithmetic`.
///
/// No standard operator rounds a state between its steps: decomposition computes the recurrence in floats, on the weights that the INT8
/// values mean.
protocol QuantizedRecurrentLayer: Decomposable, Evaluable {
  associatedtype Layer: PackedRecurrentLayer
  /// The layer in floats.
  var layer: Layer { get }
  init(_ layer: Layer)
  /// One step of one sequence in one direction, for a row of X.
  func advance(_ state: inout QuantizedState, _ gates: QuantizedGates, at row: Int)
}

extension QuantizedRecurrentLayer {
  static var operands: [OperatorSchema.Operand] {
    [
      .init("X", "", [.int8]), .init("x_scale", "S", [.float32]), .init("W", "", [.int8]), .init("w_scale", "S", [.float32]),
      .init("R", "", [.int8]), .init("r_scale", "S", [.float32]), .init("B", "S", [.float32], .optional),
      .init("lengths", "", [.int32], .optional),
    ]
  }

  /// The results of the layer in floats, and Q.
  static var results: [OperatorSchema.Operand] {
    Layer.schema.outputs.map { .init($0.name, "S", [.float32], .optional) } + [.init("Q", "", [.int8], .optional)]
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) { self.init(try Layer(decoding: attributes)) }

  public func encode(into attributes: inout Attributes) { layer.encode(into: &attributes) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    try inputs.checkScale(of: 0, at: 1, name)
    var floats: [Operand?] = []
    for position in [0, 2, 4] { floats.append(Operand(type: .tensor(TensorType(.float32, try inputs.tensor(position).shape)))) }
    let result = try layer.infer(floats + [inputs.optional(6), inputs.optional(7)])
    for position in [2, 4] {
      let (weights, scale) = (try inputs.tensor(position), try inputs.tensor(position + 1))
      if let depth = weights.shape?.last?.known, depth > QuantizedGates.mostInputs {
        throw misfit("sums of \(depth) products do not fit 32 bits")
      }
      guard let own = scale.shape else { continue }
      let rows = weights.shape.map { Array($0.prefix(2)) } ?? [.unknown, .unknown]
      guard own.count == 2, !zip(own, rows).contains(where: { $0.isProvablyDifferent(from: $1) }) else {
        throw misfit("scales of \(scale) do not fit weights of \(weights)")
      }
    }
    return result + [.tensor(TensorType(.int8, result[0].tensor?.shape))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (x, r) = (try inputs.required(0), try inputs.required(4))
    let (batch, steps, hidden) = (x.shape[0], x.shape[1], r.shape[2])
    let (width, stateCount) = (layer.direction.count * hidden, Layer.schema.outputs.count - 1)
    var y: [Float] = []
    var codes: [Int8] = []
    var last = Array(repeating: y, count: stateCount)
    // Without a sequence or a state there is nothing to step through, however many steps there are.
    if batch > 0, hidden > 0 {
      y = Array(repeating: 0, count: batch * steps * width)
      codes = Array(repeating: 0, count: y.count)
      last = Array(repeating: Array(repeating: 0, count: batch * width), count: stateCount)
      let lengths = try sequenceLengths(inputs.optional(7), steps: steps, batch: batch)
      for pass in 0..<layer.direction.count {
        let isReverse = layer.direction == .reverse || pass == 1
        let gates = try QuantizedGates(inputs, pass: pass)
        for (sequence, length) in lengths.enumerated() {
          var state = QuantizedState(hidden, count: stateCount)
          for step in 0..<length {
            let row = sequence * steps + (isReverse ? length - 1 - step : step)
            advance(&state, gates, at: row)
            let start = row * width + pass * hidden
            y.replaceSubrange(start..<start + hidden, with: state.floats[0])
            codes.replaceSubrange(start..<start + hidden, with: state.codes)
          }
          let start = sequence * width + pass * hidden
          for index in 0..<stateCount { last[index].replaceSubrange(start..<start + hidden, with: state.floats[index]) }
        }
      }
    }
    var results = [try Tensor(y, shape: [batch, steps, width])]
    for state in last { results.append(try Tensor(state, shape: [batch, width])) }
    return results + [try Tensor(codes, shape: [batch, steps, width])]
  }

  private func sequenceLengths(_ tensor: Tensor?, steps: Int, batch: Int) throws(Diagnostic) -> [Int] {
    guard let tensor else { return Array(repeating: steps, count: batch) }
    let lengths = tensor.integers() ?? []
    if let outside = lengths.first(where: { $0 < 0 || $0 > steps }) {
      throw misfit("a sequence length of \(outside) is outside 0 to \(steps) steps")
    }
    return lengths
  }

  private func misfit(_ message: String) -> Diagnostic { .invalid("operator/quantized-recurrent", "\(name): \(message)") }
}

extension QuantizedRecurrentLayer {
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
    let results = try layer.decompose([x, w, r, operand(6), operand(7)], in: &builder)
    let scale = try builder.number(1.0 / 127, like: results[0])
    return results + [try builder.add(QuantizeLinear(outputType: .int8), [results[0], scale])]
  }

  /// Weights [directions, rows, columns] of INT8 values with a scale for each row.
  private func floats(_ codes: ValueID?, _ scale: ValueID?, in builder: inout GraphBuilder) throws(Diagnostic) -> ValueID {
    guard let codes, let scale, let shape = builder.graph[codes].type?.tensor?.knownShape, shape.count == 3 else {
      throw .invalid("operator/decomposition", "\(name): the extents of the weights are not known")
    }
    let rows = try builder.reshaped(codes, to: [shape.prefix(2).clampedProduct, shape[2]])
    let scales = try builder.reshaped(scale, to: [-1])
    return try builder.reshaped(try builder.add(DequantizeLinear(axis: 0), [rows, scales]), to: shape)
  }
}
