internal import CLatheKernels
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// QuantizedLSTM and QuantizedGRU with constant weights.
struct QuantizedRecurrentKernel: Kernel {
  private struct Pass {
    /// [inputs, gates · hidden] and the recurrence of each gate, packed.
    let weights, recurrence: Tensor
    /// Of their columns, with those of X, if it has one, and of the state.
    let scales, stateScales: Tensor
    /// As the shape's `biases` lie.
    let bias: Tensor?
    let isReverse: Bool
  }

  private let x: ValueID
  private let rowScales, lengths: ValueID?
  private let outputs: [ValueID?]
  private let passes: [Pass]
  private let shape: RecurrentShape

  init?(_ site: KernelSite, _ cell: RecurrentShape.Cell, _ direction: LSTM.Direction, _ library: KernelLibrary) throws(Diagnostic) {
    guard let extents = site.input(0)?.shape, let x = site.node.inputs[0], extents.count == 3, !extents.contains(0), let scale = site.input(1),
      let w = site.constant(2), let r = site.constant(4), !w.shape.contains(0), !r.shape.contains(0),
      site.constantFloats(3) != nil, site.constantFloats(5) != nil
    else { return nil }
    guard let own = scale.shape.isEmpty ? site.constantFloats(1)?.floats?.pointee : Float(1),
      site.isAbsent(6) || site.constantFloats(6) != nil, site.isAbsent(7) || site.input(7)?.dtype == .int32
    else { return nil }
    (self.x, rowScales, outputs) = (x, scale.shape.isEmpty ? nil : site.node.inputs[1], site.node.outputs)
    lengths = site.isAbsent(7) ? nil : site.node.inputs[7]
    shape = RecurrentShape(cell: cell, direction: direction, batch: extents[0], steps: extents[1], inputs: extents[2], hidden: r.shape[2])
    var passes: [Pass] = []
    for pass in 0..<direction.count {
      guard let made = try Self.pass(pass, shape, site, w, r, own, library) else { return nil }
      passes.append(made)
    }
    self.passes = passes
  }

  private static func pass(
    _ pass: Int, _ shape: RecurrentShape, _ site: KernelSite, _ w: Tensor, _ r: Tensor, _ own: Float, _ library: KernelLibrary
  ) throws(Diagnostic) -> Pass? {
    guard let weightsID = site.node.inputs[2], let scalesID = site.node.inputs[3], let recurrenceID = site.node.inputs[4],
      let statesID = site.node.inputs[5], let factors = site.constantFloats(3), let stateFactors = site.constantFloats(5)
    else { return nil }
    let (first, width, hidden) = (pass * shape.width, shape.width, shape.hidden)
    let key = site.input(1)?.shape.isEmpty == true ? site.node.inputs[1] : nil
    var bias: Tensor?
    if let biases = site.constantFloats(6), let id = site.node.inputs[6] {
      bias = try library.repacked(id, shape.biasOrder(pass)) { () throws(Diagnostic) in try shape.biases(biases, pass) }
    }
    return Pass(
      weights: try library.repacked(weightsID, .projection(pass)) { () throws(Diagnostic) in
        try Self.packed(w, from: first, columns: width, rows: shape.inputs, matrices: 1)
      },
      recurrence: try library.repacked(recurrenceID, .gates(pass)) { () throws(Diagnostic) in
        try Self.packed(r, from: first, columns: hidden, rows: hidden, matrices: shape.cell.gates)
      },
      scales: try library.repacked(scalesID, .gateScales(pass, by: key)) { () throws(Diagnostic) in
        try Self.scaled(factors, from: first, width, by: own)
      },
      stateScales: try library.repacked(statesID, .stateScales(pass)) { () throws(Diagnostic) in
        try Self.scaled(stateFactors, from: first, width, by: 1 / 127)
      },
      bias: bias, isReverse: shape.direction == .reverse || pass == 1)
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

  private static func scaled(_ factors: Tensor, from first: Int, _ count: Int, by own: Float) throws(Diagnostic) -> Tensor {
    try .floats([count]) { target in
      guard let source = factors.floats?.advanced(by: first) else { return }
      for unit in 0..<count { target[unit] = own * source[unit] }
    }
  }

  /// Floats of the gates, of two states, and of three states of INT8 values.
  private var ownCount: Int { shape.gateCount + 2 * shape.stateCount + floatCount(shape.stateCount, 3) }

  func scratchCount(threads: Int) -> Int {
    var gemm = lathe_gemm_i8()
    (gemm.m, gemm.n, gemm.k) = (shape.batch * shape.steps, shape.width, shape.inputs)
    return ownCount + floatCount(max(lathe_gemm_scratch_i8(&gemm), stepScratch), threads)
  }

  private var stepScratch: Int {
    guard shape.cell == .lstm else {
      var gru = lathe_gru_i8()
      (gru.batch, gru.hidden) = (shape.batch, shape.hidden)
      return lathe_gru_scratch_i8(&gru)
    }
    var lstm = lathe_lstm_i8()
    (lstm.batch, lstm.hidden) = (shape.batch, shape.hidden)
    return lathe_lstm_scratch_i8(&lstm)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    guard let gates = memory.scratch, let lengths = memory.lengths(self.lengths, shape) else { return false }
    for index in passes.indices {
      var gemm = projection(passes[index], memory, into: gates)
      lathe_parallel_gemm_i8(pool.handle, pool.kernels, &gemm, gates + ownCount)
      (gates + shape.gateCount).update(repeating: 0, count: ownCount - shape.gateCount)
      let place = shape.place(isReverse: passes[index].isReverse, lengths)
      switch shape.cell {
      case .lstm: runLSTM(index, place, memory, gates, pool)
      case .gru(let appliesResetToProduct): runGRU(index, place, appliesResetToProduct, memory, gates, pool)
      }
    }
    return true
  }

  private func output(_ position: Int) -> ValueID? { position < outputs.count ? outputs[position] : nil }

  private func projection(_ pass: Pass, _ memory: Memory, into gates: UnsafeMutablePointer<Float>) -> lathe_gemm_i8 {
    var gemm = lathe_gemm_i8()
    (gemm.m, gemm.n, gemm.k, gemm.x_stride) = (shape.batch * shape.steps, shape.width, shape.inputs, shape.inputs)
    gemm.x = UnsafePointer(memory.codes(x))
    gemm.x_row_scale = UnsafePointer(memory.floats(rowScales))
    gemm.packed = pass.weights.withBytes { $0.baseAddress?.assumingMemoryBound(to: Int8.self) }
    (gemm.w_scale, gemm.bias) = (pass.scales.floats, pass.bias?.floats)
    (gemm.y.f32, gemm.y.f32_stride) = (gates, shape.width)
    return gemm
  }

  private func runLSTM(
    _ index: Int, _ place: lathe_recurrent_place, _ memory: Memory, _ gates: UnsafeMutablePointer<Float>, _ pool: ThreadPool
  ) {
    let (cells, last, pass) = (gates + shape.gateCount, gates + shape.gateCount + shape.stateCount, passes[index])
    var (h, next) = states(behind: last + shape.stateCount)
    var lstm = lathe_lstm_i8()
    (lstm.batch, lstm.hidden, lstm.place) = (shape.batch, shape.hidden, place)
    (lstm.inputs, lstm.r_scale) = (UnsafePointer(gates), pass.stateScales.floats)
    lstm.recurrence = pass.recurrence.withBytes { $0.baseAddress?.assumingMemoryBound(to: Int8.self) }
    (lstm.c, lstm.next_c, lstm.last_h) = (UnsafePointer(cells), cells, last)
    lstm.y = memory.floats(output(0))?.advanced(by: index * shape.hidden)
    lstm.y_i8 = memory.codes(output(3))?.advanced(by: index * shape.hidden)
    for step in 0..<shape.steps {
      lstm.place.step = step
      (lstm.h, lstm.next_h) = (UnsafePointer(h), next)
      lathe_parallel_lstm_i8(pool.handle, pool.kernels, &lstm, gates + ownCount)
      swap(&h, &next)
    }
    memory.store(last, output(1), index, shape)
    memory.store(cells, output(2), index, shape)
  }

  private func runGRU(
    _ index: Int, _ place: lathe_recurrent_place, _ appliesResetToProduct: Bool, _ memory: Memory, _ gates: UnsafeMutablePointer<Float>,
    _ pool: ThreadPool
  ) {
    let (state, pass) = (gates + shape.gateCount, passes[index])
    var (h, next) = states(behind: state + 2 * shape.stateCount)
    var gru = lathe_gru_i8()
    (gru.batch, gru.hidden, gru.place) = (shape.batch, shape.hidden, place)
    (gru.inputs, gru.r_scale, gru.bias_h) = (UnsafePointer(gates), pass.stateScales.floats, shape.stateBias(pass.bias))
    gru.recurrence = pass.recurrence.withBytes { $0.baseAddress?.assumingMemoryBound(to: Int8.self) }
    (gru.h, gru.next_h) = (UnsafePointer(state), state)
    gru.reset_i8 = appliesResetToProduct ? nil : next + shape.stateCount
    gru.y = memory.floats(output(0))?.advanced(by: index * shape.hidden)
    gru.y_i8 = memory.codes(output(2))?.advanced(by: index * shape.hidden)
    for step in 0..<shape.steps {
      gru.place.step = step
      (gru.h_i8, gru.next_h_i8) = (UnsafePointer(h), next)
      lathe_parallel_gru_i8(pool.handle, pool.kernels, &gru, gates + ownCount)
      swap(&h, &next)
    }
    memory.store(state, output(1), index, shape)
  }

  /// The INT8 values of a state, and where those of the next step go.
  private func states(behind floats: UnsafeMutablePointer<Float>) -> (UnsafeMutablePointer<Int8>, UnsafeMutablePointer<Int8>) {
    let codes = UnsafeMutableRawPointer(floats).assumingMemoryBound(to: Int8.self)
    return (codes, codes + shape.stateCount)
  }
}
