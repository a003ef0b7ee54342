internal import CLatheKernels
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// PackedLSTM with constant weights.
struct RecurrentKernel: Kernel {
  private struct Direction {
    /// [inputs, 4 · hidden] and the recurrence of each gate, in blocks of columns; the sum of both biases.
    let weights, recurrence, bias: Tensor
    let isReverse: Bool
  }

  private let x: ValueID
  private let lengths: ValueID?
  private let outputs: [ValueID?]
  private let directions: [Direction]
  private let batch, steps, inputs, hidden: Int

  init?(_ site: KernelSite, _ op: PackedLSTM, _ library: KernelLibrary) throws(Diagnostic) {
    guard let (x, shape) = site.floats(0), shape.count == 3, !shape.contains(0), let w = site.constantFloats(1),
      let r = site.constantFloats(2), let id = site.node.inputs[1], let recurrence = site.node.inputs[2], !w.shape.contains(0)
    else { return nil }
    let bias = site.constantFloats(3)
    guard bias != nil || site.isAbsent(3), site.isAbsent(4) || site.input(4)?.dtype == .int32 else { return nil }
    (self.x, lengths, outputs) = (x, site.isAbsent(4) ? nil : site.node.inputs[4], site.node.outputs)
    (batch, steps, inputs, hidden) = (shape[0], shape[1], shape[2], r.shape[2])
    var directions: [Direction] = []
    for direction in 0..<op.direction.count {
      let (inputs, hidden) = (inputs, hidden)
      let weights = try library.repacked(id, .projection(direction)) { () throws(Diagnostic) in
        try PackedLinear.packed(w.matrix(from: direction * 4 * hidden, rows: 4 * hidden, columns: inputs).transposed())
      }
      let packed = try library.repacked(recurrence, .gates(direction)) { () throws(Diagnostic) in
        try Self.gates(r, direction, hidden)
      }
      let sums: Tensor
      if let bias, let id = site.node.inputs[3] {
        sums = try library.repacked(id, .biasSums(direction)) { () throws(Diagnostic) in
          try Self.sums(bias, direction, hidden)
        }
      } else {
        sums = try .floats([4 * hidden]) { _ in }
      }
      directions.append(
        Direction(
          weights: weights, recurrence: packed, bias: sums, isReverse: op.direction == .reverse || direction == 1))
    }
    self.directions = directions
  }

  /// The recurrences of the four gates, one behind the other.
  private static func gates(_ r: Tensor, _ direction: Int, _ hidden: Int) throws(Diagnostic) -> Tensor {
    let size = lathe_packed_gemm_count_f32(hidden, hidden)
    var gates: [Tensor] = []
    for gate in 0..<4 {
      gates.append(try r.matrix(from: (direction * 4 + gate) * hidden, rows: hidden, columns: hidden).transposed())
    }
    return try .floats([4 * size]) { target in
      for (gate, matrix) in gates.enumerated() {
        if let source = matrix.floats { lathe_pack_gemm_f32(hidden, hidden, source, hidden, target + gate * size) }
      }
    }
  }

  /// The biases of the inputs and of the recurrence together.
  static func sums(_ bias: Tensor, _ direction: Int, _ hidden: Int) throws(Diagnostic) -> Tensor {
    try .floats([4 * hidden]) { target in
      guard let source = bias.floats?.advanced(by: direction * 8 * hidden) else { return }
      for unit in 0..<4 * hidden { target[unit] = source[unit] + source[unit + 4 * hidden] }
    }
  }

  private var gateCount: Int { batch * steps * 4 * hidden }

  func scratchCount(threads: Int) -> Int { gateCount + 3 * batch * hidden }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    guard let scratch = memory.scratch, let lengths = memory.lengths(self.lengths, batch: batch, steps: steps) else { return false }
    for (index, direction) in directions.enumerated() {
      project(direction, memory, into: scratch, pool)
      var states = (scratch + gateCount, scratch + gateCount + batch * hidden)
      let cells = scratch + gateCount + 2 * batch * hidden
      states.0.update(repeating: 0, count: batch * hidden)
      cells.update(repeating: 0, count: batch * hidden)
      var lstm = step(direction, index, memory, lengths, scratch)
      (lstm.c, lstm.next_c) = (UnsafePointer(cells), cells)
      for step in 0..<steps {
        lstm.place.step = step
        (lstm.h, lstm.next_h) = (UnsafePointer(states.0), states.1)
        lathe_parallel_lstm_f32(pool.handle, pool.kernels, &lstm)
        states = (states.1, states.0)
      }
      for (state, position) in [(states.0, 1), (cells, 2)] {
        memory.store(state, output(position), direction: index, of: directions.count, batch: batch, hidden: hidden)
      }
    }
    return true
  }

  private func output(_ position: Int) -> ValueID? { position < outputs.count ? outputs[position] : nil }

  private func project(_ direction: Direction, _ memory: Memory, into gates: UnsafeMutablePointer<Float>, _ pool: ThreadPool) {
    var gemm = lathe_gemm_f32()
    (gemm.m, gemm.n, gemm.k) = (batch * steps, 4 * hidden, inputs)
    (gemm.x, gemm.x_stride, gemm.packed) = (UnsafePointer(memory.floats(x)), inputs, direction.weights.floats)
    (gemm.bias, gemm.y, gemm.y_stride) = (direction.bias.floats, gates, 4 * hidden)
    lathe_parallel_gemm_f32(pool.handle, pool.kernels, &gemm)
  }

  private func step(
    _ direction: Direction, _ index: Int, _ memory: Memory, _ lengths: UnsafePointer<Int32>?, _ gates: UnsafeMutablePointer<Float>
  ) -> lathe_lstm_f32 {
    var lstm = lathe_lstm_f32()
    (lstm.batch, lstm.hidden, lstm.clip) = (batch, hidden, .infinity)
    (lstm.place.steps, lstm.place.is_reverse, lstm.place.lengths) = (steps, direction.isReverse, lengths)
    (lstm.place.inputs_batch_stride, lstm.place.inputs_step_stride) = (steps * 4 * hidden, 4 * hidden)
    let width = directions.count * hidden
    (lstm.place.y_batch_stride, lstm.place.y_step_stride) = (steps * width, width)
    (lstm.inputs, lstm.recurrence) = (UnsafePointer(gates), direction.recurrence.floats)
    lstm.y = memory.floats(output(0))?.advanced(by: index * hidden)
    return lstm
  }
}

extension Memory {
  /// The lengths of sequences: nil inside where there are none; nil where reference evaluation would refuse them.
  func lengths(_ id: ValueID?, batch: Int, steps: Int) -> UnsafePointer<Int32>?? {
    guard let id else { return .some(nil) }
    guard let list = addresses[id.index]?.assumingMemoryBound(to: Int32.self) else { return nil }
    for row in 0..<batch where list[row] < 0 || Int(list[row]) > steps { return nil }
    return UnsafePointer(list)
  }

  /// Copies a final state [batch, hidden] between those of the other directions.
  func store(
    _ state: UnsafePointer<Float>, _ id: ValueID?, direction: Int, of directions: Int, batch: Int, hidden: Int
  ) {
    guard let target = floats(id) else { return }
    for row in 0..<batch { (target + (row * directions + direction) * hidden).update(from: state + row * hidden, count: hidden) }
  }
}

extension Tensor {
  /// Rows of 32-bit floats from the `first`th on, taking all axes but the last together.
  func matrix(from first: Int, rows: Int, columns: Int) throws(Diagnostic) -> Tensor {
    try .floats([rows, columns]) { target in
      if let source = floats { target.update(from: source + first * columns, count: rows * columns) }
    }
  }
}
