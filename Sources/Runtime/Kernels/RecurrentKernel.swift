internal import CLatheKernels
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// PackedLSTM and PackedGRU with constant weights.
struct RecurrentKernel: Kernel {
  private struct Pass {
    /// [inputs, gates · hidden] and the recurrence of each gate, in blocks of columns.
    let weights, recurrence: Tensor
    /// As the shape's `biases` lie.
    let bias: Tensor?
    let isReverse: Bool
  }

  private let x: ValueID
  private let lengths: ValueID?
  private let outputs: [ValueID?]
  private let passes: [Pass]
  private let shape: RecurrentShape

  init?(_ site: KernelSite, _ cell: RecurrentShape.Cell, _ direction: LSTM.Direction, _ library: KernelLibrary) throws(Diagnostic) {
    guard let (x, extents) = site.floats(0), extents.count == 3, !extents.contains(0), let w = site.constantFloats(1),
      let r = site.constantFloats(2), let id = site.node.inputs[1], let recurrence = site.node.inputs[2], !w.shape.contains(0)
    else { return nil }
    let bias = site.constantFloats(3)
    guard bias != nil || site.isAbsent(3), site.isAbsent(4) || site.input(4)?.dtype == .int32 else { return nil }
    (self.x, lengths, outputs) = (x, site.isAbsent(4) ? nil : site.node.inputs[4], site.node.outputs)
    let shape = RecurrentShape(
      cell: cell, direction: direction, batch: extents[0], steps: extents[1], inputs: extents[2], hidden: r.shape[2])
    var passes: [Pass] = []
    for pass in 0..<direction.count {
      let weights = try library.repacked(id, .projection(pass)) { () throws(Diagnostic) in
        try PackedLinear.packed(w.matrix(from: pass * shape.width, rows: shape.width, columns: shape.inputs).transposed())
      }
      let packed = try library.repacked(recurrence, .gates(pass)) { () throws(Diagnostic) in try Self.gates(r, pass, shape) }
      var sums: Tensor?
      if let bias, let id = site.node.inputs[3] {
        sums = try library.repacked(id, shape.biasOrder(pass)) { () throws(Diagnostic) in try shape.biases(bias, pass) }
      }
      passes.append(Pass(weights: weights, recurrence: packed, bias: sums, isReverse: direction == .reverse || pass == 1))
    }
    (self.passes, self.shape) = (passes, shape)
  }

  /// The recurrences of the gates, one behind the other.
  private static func gates(_ r: Tensor, _ pass: Int, _ shape: RecurrentShape) throws(Diagnostic) -> Tensor {
    let (hidden, count) = (shape.hidden, shape.cell.gates)
    let size = lathe_packed_gemm_count_f32(hidden, hidden)
    var gates: [Tensor] = []
    for gate in 0..<count {
      gates.append(try r.matrix(from: (pass * count + gate) * hidden, rows: hidden, columns: hidden).transposed())
    }
    return try .floats([count * size]) { target in
      for (gate, matrix) in gates.enumerated() {
        if let source = matrix.floats { lathe_pack_gemm_f32(hidden, hidden, source, hidden, target + gate * size) }
      }
    }
  }

  /// The gates, and two hidden states beside a cell or what a reset leaves.
  func scratchCount(threads: Int) -> Int { shape.gateCount + 3 * shape.stateCount }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    guard let gates = memory.scratch, let lengths = memory.lengths(self.lengths, shape) else { return false }
    for index in passes.indices {
      project(passes[index], memory, into: gates, pool)
      (gates + shape.gateCount).update(repeating: 0, count: 3 * shape.stateCount)
      let place = shape.place(isReverse: passes[index].isReverse, lengths)
      switch shape.cell {
      case .lstm: runLSTM(index, place, memory, gates, pool)
      case .gru(let appliesResetToProduct): runGRU(index, place, appliesResetToProduct, memory, gates, pool)
      }
    }
    return true
  }

  private func output(_ position: Int) -> ValueID? { position < outputs.count ? outputs[position] : nil }

  private func project(_ pass: Pass, _ memory: Memory, into gates: UnsafeMutablePointer<Float>, _ pool: ThreadPool) {
    var gemm = lathe_gemm_f32()
    (gemm.m, gemm.n, gemm.k) = (shape.batch * shape.steps, shape.width, shape.inputs)
    (gemm.x, gemm.x_stride, gemm.packed) = (UnsafePointer(memory.floats(x)), shape.inputs, pass.weights.floats)
    (gemm.bias, gemm.y, gemm.y_stride) = (pass.bias?.floats, gates, shape.width)
    lathe_parallel_gemm_f32(pool.handle, pool.kernels, &gemm)
  }

  private func runLSTM(
    _ index: Int, _ place: lathe_recurrent_place, _ memory: Memory, _ gates: UnsafeMutablePointer<Float>, _ pool: ThreadPool
  ) {
    var (h, next) = (gates + shape.gateCount, gates + shape.gateCount + shape.stateCount)
    let cells = next + shape.stateCount
    var lstm = lathe_lstm_f32()
    (lstm.batch, lstm.hidden, lstm.place, lstm.clip) = (shape.batch, shape.hidden, place, .infinity)
    (lstm.inputs, lstm.recurrence) = (UnsafePointer(gates), passes[index].recurrence.floats)
    (lstm.c, lstm.next_c) = (UnsafePointer(cells), cells)
    lstm.y = memory.floats(output(0))?.advanced(by: index * shape.hidden)
    for step in 0..<shape.steps {
      lstm.place.step = step
      (lstm.h, lstm.next_h) = (UnsafePointer(h), next)
      lathe_parallel_lstm_f32(pool.handle, pool.kernels, &lstm)
      swap(&h, &next)
    }
    memory.store(h, output(1), index, shape)
    memory.store(cells, output(2), index, shape)
  }

  private func runGRU(
    _ index: Int, _ place: lathe_recurrent_place, _ appliesResetToProduct: Bool, _ memory: Memory, _ gates: UnsafeMutablePointer<Float>,
    _ pool: ThreadPool
  ) {
    var (h, next) = (gates + shape.gateCount, gates + shape.gateCount + shape.stateCount)
    let pass = passes[index]
    var gru = lathe_gru_f32()
    (gru.batch, gru.hidden, gru.place, gru.clip) = (shape.batch, shape.hidden, place, .infinity)
    (gru.inputs, gru.recurrence, gru.bias_h) = (UnsafePointer(gates), pass.recurrence.floats, shape.stateBias(pass.bias))
    gru.reset_h = appliesResetToProduct ? nil : next + shape.stateCount
    gru.y = memory.floats(output(0))?.advanced(by: index * shape.hidden)
    for step in 0..<shape.steps {
      gru.place.step = step
      (gru.h, gru.next_h) = (UnsafePointer(h), next)
      lathe_parallel_gru_f32(pool.handle, pool.kernels, &gru)
      swap(&h, &next)
    }
    memory.store(h, output(1), index, shape)
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
