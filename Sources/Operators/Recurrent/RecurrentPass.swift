import LatheDiagnostics
import LatheTensors

/// One direction of a GRU or RNN: its weights, and the state that it carries from step to step.
struct RecurrentPass<T: FloatElement> {
  private let cell: RecurrentCell
  private let gates: Int
  private let steps: Int
  private let batch: Int
  private let hidden: Int
  private let clip: Double?
  /// Transposed to [features, gates·hidden].
  private let weights: Tensor
  /// Transposed to [hidden, gates·hidden].
  private let recurrence: Tensor
  /// The last gate's part of it, [hidden, hidden].
  private let lastRecurrence: Tensor
  /// Biases of the input's and of the state's products, gates·hidden each.
  private let inputBias: [Double]
  private let stateBias: [Double]
  /// [batch, hidden].
  private(set) var state: [T]

  init(
    _ inputs: [Tensor?], _ settings: RecurrentSettings, _ cell: RecurrentCell, pass: Int, gates: Int, steps: Int,
    batch: Int, hidden: Int
  ) throws(Diagnostic) {
    (self.cell, self.gates, self.steps, self.batch, self.hidden) = (cell, gates, steps, batch, hidden)
    clip = settings.clip.map(Double.init)
    weights = try inputs.required(1).part(pass, axis: 0).permuted([1, 0])
    let own = try inputs.required(2).part(pass, axis: 0)
    recurrence = try own.permuted([1, 0])
    lastRecurrence = try own.reshaped(to: [gates, hidden, hidden]).part(gates - 1, axis: 0).permuted([1, 0])
    let biases = try inputs.optional(3)?.part(pass, axis: 0).doubles()
    let width = gates * hidden
    inputBias = biases.map { Array($0[..<width]) } ?? Array(repeating: 0, count: width)
    stateBias = biases.map { Array($0[width...]) } ?? Array(repeating: 0, count: width)
    let initial = try inputs.optional(5)?.part(pass, axis: settings.isBatchFirst ? 1 : 0).elements(as: T.self)
    state = initial ?? Array(repeating: T.zero, count: batch * hidden)
  }

  /// All states, [steps, batch, hidden], zero beyond each sequence's length; `x` is [steps, batch, features].
  mutating func output(_ x: Tensor, _ lengths: [Int], isReverse: Bool) throws(Diagnostic) -> [T] {
    let width = gates * hidden
    let projected = try MatrixProduct.batched(
      try x.reshaped(to: [steps * batch, x.shape[2]]), weights, batch: [], as: T.self)
    for (sequence, length) in lengths.enumerated() where length == 0 {
      for index in 0..<hidden { state[sequence * hidden + index] = T.zero }
    }
    var result = [T](repeating: T.zero, count: steps * batch * hidden)
    var sums = [T](repeating: T.zero, count: batch * width)
    projected.withElements(as: T.self) { inputSums in
      for step in 0..<steps {
        // Each sequence is at its own position: the reverse direction starts at its last valid step.
        let rows = (0..<batch).map { sequence -> Int? in
          guard step < lengths[sequence] else { return nil }
          return (isReverse ? lengths[sequence] - 1 - step : step) * batch + sequence
        }
        multiply(state, recurrence, into: &sums, n: width)
        advance(rows, inputSums, sums)
        for (sequence, row) in rows.enumerated() {
          guard let row else { continue }
          for index in 0..<hidden { result[row * hidden + index] = state[sequence * hidden + index] }
        }
      }
    }
    return result
  }

  /// `rows` tells where each sequence stands, nil for those that have ended.
  private mutating func advance(_ rows: [Int?], _ inputSums: UnsafeBufferPointer<T>, _ sums: [T]) {
    let width = gates * hidden
    func inputSum(_ row: Int, _ unit: Int) -> Double { inputSums[row * width + unit].wide + inputBias[unit] }
    func stateSum(_ sequence: Int, _ unit: Int) -> Double { sums[sequence * width + unit].wide + stateBias[unit] }
    switch cell {
    case .plain(let f):
      for (sequence, row) in rows.enumerated() {
        guard let row else { continue }
        for index in 0..<hidden {
          state[sequence * hidden + index] = T(double: f(clipped(inputSum(row, index) + stateSum(sequence, index))))
        }
      }
    case .gated(let f, let g, let appliesResetToProduct):
      var (updates, resets) = (
        [Double](repeating: 0, count: batch * hidden), [Double](repeating: 0, count: batch * hidden)
      )
      for (sequence, row) in rows.enumerated() {
        guard let row else { continue }
        for index in 0..<hidden {
          let (place, reset) = (sequence * hidden + index, hidden + index)
          updates[place] = f(clipped(inputSum(row, index) + stateSum(sequence, index)))
          resets[place] = f(clipped(inputSum(row, reset) + stateSum(sequence, reset)))
        }
      }
      var hiddenSums = [T](repeating: T.zero, count: batch * hidden)
      if !appliesResetToProduct {
        multiply(zip(resets, state).map { T(double: $0 * $1.wide) }, lastRecurrence, into: &hiddenSums, n: hidden)
      }
      for (sequence, row) in rows.enumerated() {
        guard let row else { continue }
        for index in 0..<hidden {
          let (place, unit) = (sequence * hidden + index, 2 * hidden + index)
          let recurrent =
            appliesResetToProduct
            ? resets[place] * stateSum(sequence, unit) : hiddenSums[place].wide + stateBias[unit]
          let candidate = g(clipped(inputSum(row, unit) + recurrent))
          state[place] = T(double: (1 - updates[place]) * candidate + updates[place] * state[place].wide)
        }
      }
    }
  }

  /// Sets `target` [batch, n] to the product of `left` [batch, hidden] and `right` [hidden, n].
  private func multiply(_ left: [T], _ right: Tensor, into target: inout [T], n: Int) {
    right.withElements(as: T.self) { right in
      target.withUnsafeMutableBufferPointer { target in
        target.update(repeating: T.zero)
        left.withUnsafeBufferPointer { left in
          guard let from = left.baseAddress, let by = right.baseAddress, let to = target.baseAddress else { return }
          MatrixProduct.accumulate(from, by, into: to, m: batch, k: hidden, n: n)
        }
      }
    }
  }

  private func clipped(_ x: Double) -> Double {
    guard let clip else { return x }
    return Swift.min(Swift.max(x, -clip), clip)
  }
}

extension Tensor {
  /// The entry at `index` of an axis, without that axis.
  func part(_ index: Int, axis: Int) throws(Diagnostic) -> Tensor {
    var layout = StridedLayout(contiguous: shape)
    layout.offset = index * layout.strides[axis]
    layout.shape.remove(at: axis)
    layout.strides.remove(at: axis)
    return try gathered(by: layout)
  }
}
