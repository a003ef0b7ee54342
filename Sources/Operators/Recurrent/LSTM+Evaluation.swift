import LatheDiagnostics
import LatheIR
import LatheTensors

extension LSTM {
  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    if T.dtype == .float64 { return try layer(inputs, as: Double.self) }
    var wide: [Tensor?] = []
    for input in inputs {
      guard let input, input.dtype == T.dtype else {
        wide.append(input)
        continue
      }
      wide.append(try MatrixProduct.widened(input, from: T.self))
    }
    let outputs = try layer(wide, as: Float.self)
    var result: [Tensor] = []
    for output in outputs { result.append(try MatrixProduct.narrowed(output, to: T.self)) }
    return result
  }

  /// All directions of the layer, in `Float` or `Double`; the recurrent weights see of the states what `filter` leaves.
  func layer<T: FloatElement>(
    _ inputs: [Tensor?], as type: T.Type, filter: ([T]) throws(Diagnostic) -> [T] = { $0 }
  ) throws(Diagnostic) -> [Tensor] {
    let extents = try LSTMExtents(inputs.map { $0.map { Operand($0) } }, self)
    guard let steps = extents.steps.known, let batch = extents.batch.known, let hidden = extents.hidden.known else {
      throw Diagnostic("operator/inconsistent", .internalFault, "LSTM cannot tell the extents of its operands")
    }
    // Without a sequence or a state there is nothing to step through, however many steps there are.
    guard batch > 0, hidden > 0 else { return try emptyOutputs(steps, batch, hidden, as: T.self) }
    let lengths = try sequenceLengths(inputs.optional(4), steps: steps, batch: batch)
    let functions = try gateActivations()
    var x = try inputs.required(0)
    if isBatchFirst { x = try x.permuted([1, 0, 2]) }
    var sequences: [[T]] = []
    var (lastHidden, lastCell): ([T], [T]) = ([], [])
    for pass in 0..<direction.count {
      var run = try LSTMPass<T>(
        self, inputs, pass: pass, steps: steps, batch: batch, hidden: hidden,
        functions: Array(functions[(3 * pass)..<(3 * pass + 3)]))
      sequences.append(try run.output(x, lengths, isReverse: direction == .reverse || pass == 1, filter: filter))
      lastHidden += run.state
      lastCell += run.cell
    }
    let count = direction.count
    var y = try Tensor(sequences.flatMap { $0 }, shape: [count, steps, batch, hidden])
    var (h, c) = (
      try Tensor(lastHidden, shape: [count, batch, hidden]), try Tensor(lastCell, shape: [count, batch, hidden])
    )
    y = try y.permuted(isBatchFirst ? [2, 1, 0, 3] : [1, 0, 2, 3])
    if isBatchFirst { (h, c) = (try h.permuted([1, 0, 2]), try c.permuted([1, 0, 2])) }
    return [y, h, c]
  }

  private func emptyOutputs<T: FloatElement>(
    _ steps: Int, _ batch: Int, _ hidden: Int, as type: T.Type
  ) throws(Diagnostic) -> [Tensor] {
    let count = direction.count
    let all = isBatchFirst ? [batch, steps, count, hidden] : [steps, count, batch, hidden]
    let state = try Tensor([T](), shape: isBatchFirst ? [batch, count, hidden] : [count, batch, hidden])
    return [try Tensor([T](), shape: all), state, state]
  }

  private func sequenceLengths(_ tensor: Tensor?, steps: Int, batch: Int) throws(Diagnostic) -> [Int] {
    guard let tensor else { return Array(repeating: steps, count: batch) }
    let lengths = tensor.integers() ?? []
    if let outside = lengths.first(where: { $0 < 0 || $0 > steps }) {
      throw .invalid("operator/lstm", "LSTM: a sequence length of \(outside) is outside 0 to \(steps) steps")
    }
    return lengths
  }
}

extension Tensor {
  /// The tensor with its axes in another order.
  func permuted(_ order: [Int]) throws(Diagnostic) -> Tensor {
    try gathered(by: StridedLayout(contiguous: shape).permuted(order))
  }
}

/// One direction of an LSTM: its weights, and the state that it carries from step to step.
private struct LSTMPass<T: FloatElement> {
  let steps: Int
  let batch: Int
  let hidden: Int
  let functions: [GateActivation]
  let couplesGates: Bool
  let clip: Double?
  /// Transposed to [features, 4·hidden] and [hidden, 4·hidden].
  let weights: Tensor
  let recurrence: Tensor
  /// Sum of both biases, 4·hidden.
  let bias: [Double]
  /// 3·hidden in the order input, output, forget; empty for none.
  let peepholes: [Double]
  /// [batch, hidden].
  var state: [T]
  var cell: [T]

  init(
    _ op: LSTM, _ inputs: [Tensor?], pass: Int, steps: Int, batch: Int, hidden: Int, functions: [GateActivation]
  ) throws(Diagnostic) {
    (self.steps, self.batch, self.hidden, self.functions) = (steps, batch, hidden, functions)
    couplesGates = op.couplesGates
    clip = op.clip.map(Double.init)
    weights = try Self.part(try inputs.required(1), pass, axis: 0).permuted([1, 0])
    recurrence = try Self.part(try inputs.required(2), pass, axis: 0).permuted([1, 0])
    let biases = try inputs.optional(3).map { (b) throws(Diagnostic) in try Self.part(b, pass, axis: 0).doubles() ?? []
    }
    bias = (0..<4 * hidden).map { index in biases.map { $0[index] + $0[index + 4 * hidden] } ?? 0 }
    peepholes =
      try inputs.optional(7).map { (p) throws(Diagnostic) in try Self.part(p, pass, axis: 0).doubles() ?? [] } ?? []
    let zeros = [T](repeating: T.zero, count: batch * hidden)
    let axis = op.isBatchFirst ? 1 : 0
    state =
      try inputs.optional(5).map { (h) throws(Diagnostic) in
        try Self.part(h, pass, axis: axis).elements(as: T.self) ?? zeros
      } ?? zeros
    cell =
      try inputs.optional(6).map { (c) throws(Diagnostic) in
        try Self.part(c, pass, axis: axis).elements(as: T.self) ?? zeros
      } ?? zeros
  }

  /// The entry of one direction on `axis`, without that axis.
  private static func part(_ tensor: Tensor, _ pass: Int, axis: Int) throws(Diagnostic) -> Tensor {
    var layout = StridedLayout(contiguous: tensor.shape)
    layout.offset = pass * layout.strides[axis]
    layout.shape.remove(at: axis)
    layout.strides.remove(at: axis)
    return try tensor.gathered(by: layout)
  }

  /// All hidden states, [steps, batch, hidden], zero beyond each sequence's length; `x` is [steps, batch, features].
  mutating func output(
    _ x: Tensor, _ lengths: [Int], isReverse: Bool, filter: ([T]) throws(Diagnostic) -> [T]
  ) throws(Diagnostic) -> [T] {
    let width = 4 * hidden
    let rows = try x.reshaped(to: [steps * batch, x.shape[2]])
    for (sequence, length) in lengths.enumerated() where length == 0 { clear(sequence) }
    let projected = try MatrixProduct.batched(rows, weights, batch: [], as: T.self)
    var result = [T](repeating: T.zero, count: steps * batch * hidden)
    var gates = [T](repeating: T.zero, count: batch * width)
    try projected.withElements(as: T.self) { (inputGates) throws(Diagnostic) in
      try recurrence.withElements(as: T.self) { (weights) throws(Diagnostic) in
        for step in 0..<steps {
          // Each sequence is at its own position: the reverse direction starts at its last valid step.
          let active = (0..<batch).filter { step < lengths[$0] }
          let positions = active.map { isReverse ? lengths[$0] - 1 - step : step }
          addRecurrence(&gates, weights, of: try filter(state))
          for (sequence, position) in zip(active, positions) {
            let row = position * batch + sequence
            for index in 0..<width {
              gates[sequence * width + index] = T.adding(
                inputGates[row * width + index], gates[sequence * width + index])
            }
            advance(sequence, gates)
            for index in 0..<hidden { result[row * hidden + index] = state[sequence * hidden + index] }
          }
        }
      }
    }
    return result
  }

  /// An empty sequence ends in zeros, whatever its initial state.
  private mutating func clear(_ sequence: Int) {
    for place in sequence * hidden..<(sequence + 1) * hidden { (state[place], cell[place]) = (T.zero, T.zero) }
  }

  /// Sets `gates` to the product of all sequences' states with the recurrent weights.
  private func addRecurrence(_ gates: inout [T], _ weights: UnsafeBufferPointer<T>, of state: [T]) {
    gates.withUnsafeMutableBufferPointer { target in
      target.update(repeating: T.zero)
      state.withUnsafeBufferPointer { state in
        guard let from = state.baseAddress, let by = weights.baseAddress, let to = target.baseAddress else { return }
        MatrixProduct.accumulate(from, by, into: to, m: batch, k: hidden, n: 4 * hidden)
      }
    }
  }

  /// One step of one sequence, from the sums in `gates` to the new cell and hidden state.
  private mutating func advance(_ sequence: Int, _ gates: [T]) {
    let (f, g, h) = (functions[0], functions[1], functions[2])
    for index in 0..<hidden {
      func sum(_ gate: Int) -> Double {
        gates[(sequence * 4 + gate) * hidden + index].wide + bias[gate * hidden + index]
      }
      func peephole(_ gate: Int) -> Double { peepholes.isEmpty ? 0 : peepholes[gate * hidden + index] }
      let place = sequence * hidden + index
      let previous = cell[place].wide
      let input = f(clipped(sum(0) + peephole(0) * previous))
      let forget = couplesGates ? 1 - input : f(clipped(sum(2) + peephole(2) * previous))
      let next = forget * previous + input * g(clipped(sum(3)))
      let output = f(clipped(sum(1) + peephole(1) * next))
      cell[place] = T(double: next)
      state[place] = T(double: output * h(next))
    }
  }

  private func clipped(_ x: Double) -> Double {
    guard let clip else { return x }
    return Swift.min(Swift.max(x, -clip), clip)
  }
}
