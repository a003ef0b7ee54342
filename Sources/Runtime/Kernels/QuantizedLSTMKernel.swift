internal import CLatheKernels
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// QuantizedLSTM with constant weights.
struct QuantizedLSTMKernel: Kernel {
  private struct Direction {
    /// [inputs, 4 · hidden] and the recurrence of each gate, packed.
    let weights, recurrence: Tensor
    /// Of their columns, with those of X, if it has one, and of the state.
    let scales, stateScales: Tensor
    /// The sum of both biases.
    let bias: Tensor?
    let isReverse: Bool
  }

  private let x: ValueID
  private let rowScales, lengths: ValueID?
  private let outputs: [ValueID?]
  private let directions: [Direction]
  private let batch, steps, inputs, hidden: Int

  init?(_ site: KernelSite, _ op: QuantizedLSTM, _ library: KernelLibrary) throws(Diagnostic) {
    guard let shape = site.input(0)?.shape, let x = site.node.inputs[0], shape.count == 3, !shape.contains(0), let scale = site.input(1),
      let w = site.constant(2), let r = site.constant(4), !w.shape.contains(0), !r.shape.contains(0),
      site.constantFloats(3) != nil, site.constantFloats(5) != nil
    else { return nil }
    guard let own = scale.shape.isEmpty ? site.constantFloats(1)?.floats?.pointee : Float(1),
      site.isAbsent(6) || site.constantFloats(6) != nil, site.isAbsent(7) || site.input(7)?.dtype == .int32
    else { return nil }
    (self.x, rowScales, outputs) = (x, scale.shape.isEmpty ? nil : site.node.inputs[1], site.node.outputs)
    lengths = site.isAbsent(7) ? nil : site.node.inputs[7]
    (batch, steps, inputs, hidden) = (shape[0], shape[1], shape[2], r.shape[2])
    var directions: [Direction] = []
    for direction in 0..<op.direction.count {
      guard let made = try Self.direction(direction, op, site, w, r, own, library) else { return nil }
      directions.append(made)
    }
    self.directions = directions
  }

  private static func direction(
    _ direction: Int, _ op: QuantizedLSTM, _ site: KernelSite, _ w: Tensor, _ r: Tensor, _ own: Float, _ library: KernelLibrary
  ) throws(Diagnostic) -> Direction? {
    guard let weightsID = site.node.inputs[2], let scalesID = site.node.inputs[3], let recurrenceID = site.node.inputs[4],
      let statesID = site.node.inputs[5], let factors = site.constantFloats(3), let stateFactors = site.constantFloats(5)
    else { return nil }
    let (inputs, hidden) = (w.shape[2], r.shape[2])
    let key = site.input(1)?.shape.isEmpty == true ? site.node.inputs[1] : nil
    var bias: Tensor?
    if let biases = site.constantFloats(6), let id = site.node.inputs[6] {
      bias = try library.repacked(id, .biasSums(direction)) { () throws(Diagnostic) in
        try RecurrentKernel.sums(biases, direction, hidden)
      }
    }
    return Direction(
      weights: try library.repacked(weightsID, .projection(direction)) { () throws(Diagnostic) in
        try Self.packed(w, from: direction * 4 * hidden, columns: 4 * hidden, rows: inputs, matrices: 1)
      },
      recurrence: try library.repacked(recurrenceID, .gates(direction)) { () throws(Diagnostic) in
        try Self.packed(r, from: direction * 4 * hidden, columns: hidden, rows: hidden, matrices: 4)
      },
      scales: try library.repacked(scalesID, .gateScales(direction, by: key)) { () throws(Diagnostic) in
        try Self.scaled(factors, direction, hidden, by: own)
      },
      stateScales: try library.repacked(statesID, .stateScales(direction)) { () throws(Diagnostic) in
        try Self.scaled(stateFactors, direction, hidden, by: 1 / 127)
      },
      bias: bias, isReverse: op.direction == .reverse || direction == 1)
  }

  /// Matrices [columns, rows] from the row `first` on, one behind the other, each transposed and packed.
  private static func packed(
    _ tensor: Tensor, from first: Int, columns: Int, rows: Int, matrices: Int
  ) throws(Diagnostic) -> Tensor {
    let size = lathe_packed_gemm_size_i8(rows, columns)
    return try Tensor(dtype: .int8, shape: [matrices * size]) { target in
      guard let start = target.baseAddress?.assumingMemoryBound(to: Int8.self) else { return }
      tensor.withElements(as: Int8.self) { source in
        var transposed = [Int8](repeating: 0, count: rows * columns)
        for matrix in 0..<matrices {
          let own = (first + matrix * columns) * rows
          for row in 0..<rows { for column in 0..<columns { transposed[row * columns + column] = source[own + column * rows + row] } }
          lathe_pack_gemm_i8(rows, columns, transposed, columns, start + matrix * size)
        }
      }
    }
  }

  private static func scaled(_ factors: Tensor, _ direction: Int, _ hidden: Int, by own: Float) throws(Diagnostic) -> Tensor {
    try .floats([4 * hidden]) { target in
      guard let source = factors.floats?.advanced(by: direction * 4 * hidden) else { return }
      for unit in 0..<4 * hidden { target[unit] = own * source[unit] }
    }
  }

  private var gateCount: Int { batch * steps * 4 * hidden }
  private var stateCount: Int { batch * hidden }
  /// Floats of the gates, of the cells and the last states, and of two states of INT8 values.
  private var ownCount: Int { gateCount + 2 * stateCount + floatCount(stateCount, 2) }

  func scratchCount(threads: Int) -> Int {
    var (gemm, lstm) = (lathe_gemm_i8(), lathe_lstm_i8())
    (gemm.m, gemm.n, gemm.k) = (batch * steps, 4 * hidden, inputs)
    (lstm.batch, lstm.hidden) = (batch, hidden)
    return ownCount + floatCount(max(lathe_gemm_scratch_i8(&gemm), lathe_lstm_scratch_i8(&lstm)), threads)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    guard let gates = memory.scratch, let lengths = memory.lengths(self.lengths, batch: batch, steps: steps) else { return false }
    let (cells, last, scratch) = (gates + gateCount, gates + gateCount + stateCount, gates + ownCount)
    let codes = UnsafeMutableRawPointer(last + stateCount).assumingMemoryBound(to: Int8.self)
    for (index, direction) in directions.enumerated() {
      var gemm = projection(direction, memory, into: gates)
      lathe_parallel_gemm_i8(pool.handle, pool.kernels, &gemm, scratch)
      cells.update(repeating: 0, count: 2 * stateCount)
      codes.update(repeating: 0, count: stateCount)
      var states = (codes, codes + stateCount)
      var lstm = step(direction, index, memory, lengths, gates)
      (lstm.c, lstm.next_c, lstm.last_h) = (UnsafePointer(cells), cells, last)
      for step in 0..<steps {
        lstm.place.step = step
        (lstm.h, lstm.next_h) = (UnsafePointer(states.0), states.1)
        lathe_parallel_lstm_i8(pool.handle, pool.kernels, &lstm, scratch)
        states = (states.1, states.0)
      }
      for (state, position) in [(last, 1), (cells, 2)] {
        memory.store(state, output(position), direction: index, of: directions.count, batch: batch, hidden: hidden)
      }
    }
    return true
  }

  private func output(_ position: Int) -> ValueID? { position < outputs.count ? outputs[position] : nil }

  private func projection(_ direction: Direction, _ memory: Memory, into gates: UnsafeMutablePointer<Float>) -> lathe_gemm_i8 {
    var gemm = lathe_gemm_i8()
    (gemm.m, gemm.n, gemm.k, gemm.x_stride) = (batch * steps, 4 * hidden, inputs, inputs)
    gemm.x = UnsafePointer(memory.codes(x))
    gemm.x_row_scale = UnsafePointer(memory.floats(rowScales))
    gemm.packed = direction.weights.withBytes { $0.baseAddress?.assumingMemoryBound(to: Int8.self) }
    (gemm.w_scale, gemm.bias) = (direction.scales.floats, direction.bias?.floats)
    (gemm.y.f32, gemm.y.f32_stride) = (gates, 4 * hidden)
    return gemm
  }

  private func step(
    _ direction: Direction, _ index: Int, _ memory: Memory, _ lengths: UnsafePointer<Int32>?, _ gates: UnsafeMutablePointer<Float>
  ) -> lathe_lstm_i8 {
    var lstm = lathe_lstm_i8()
    (lstm.batch, lstm.hidden) = (batch, hidden)
    (lstm.place.steps, lstm.place.is_reverse, lstm.place.lengths) = (steps, direction.isReverse, lengths)
    (lstm.place.inputs_batch_stride, lstm.place.inputs_step_stride) = (steps * 4 * hidden, 4 * hidden)
    let width = directions.count * hidden
    (lstm.place.y_batch_stride, lstm.place.y_step_stride) = (steps * width, width)
    (lstm.inputs, lstm.r_scale) = (UnsafePointer(gates), direction.stateScales.floats)
    lstm.recurrence = direction.recurrence.withBytes { $0.baseAddress?.assumingMemoryBound(to: Int8.self) }
    lstm.y = memory.floats(output(0))?.advanced(by: index * hidden)
    lstm.y_i8 = memory.codes(output(3))?.advanced(by: index * hidden)
    return lstm
  }
}
