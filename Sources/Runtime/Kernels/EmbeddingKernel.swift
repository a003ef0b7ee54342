internal import CLatheKernels
import LatheIR
import LatheOperators
import LatheTensors

/// The tables of an embedding and where their row numbers come from.
struct EmbeddingLookUp {
  private struct Source {
    let table: Table
    let rows: Int
    /// nil for positions.
    let ids: ValueID?
    let isInt64: Bool
    let batchStride, stepStride: Int
  }

  /// What rows are looked up in.
  private enum Table {
    case floats(ValueID)
    case codes(CodedRows)
  }

  private let sources: [Source]
  private let offset: Int
  let batch, steps, width: Int
  let epsilon: Float

  /// - Parameters:
  ///   - first: position of the first table among the operands.
  ///   - result: [batch, steps, width].
  init?(_ site: KernelSite, _ op: EmbeddingNormalization, first: Int, width: Int, result: [Int]) {
    guard result.count == 3, !result.contains(0), result[2] == width else { return nil }
    var sources: [Source] = []
    for (index, source) in op.sources.enumerated() {
      guard let (table, rows) = Self.table(site, op, index, first: first, width: width) else { return nil }
      guard source == .ids else {
        sources.append(Source(table: table, rows: rows, ids: nil, isInt64: true, batchStride: 0, stepStride: 0))
        continue
      }
      let position = first + 1 + 2 * index
      guard let ids = site.input(position), ids.dtype == .int64 || ids.dtype == .int32, ids.shape.count == 2,
        zip(ids.shape, result).allSatisfy({ $0 == 1 || $0 == $1 })
      else { return nil }
      sources.append(
        Source(
          table: table, rows: rows, ids: site.node.inputs[position], isInt64: ids.dtype == .int64,
          batchStride: ids.shape[0] == 1 ? 0 : ids.shape[1], stepStride: ids.shape[1] == 1 ? 0 : 1))
    }
    (self.sources, offset, epsilon) = (sources, op.offset, op.epsilon)
    (batch, steps, self.width) = (result[0], result[1], width)
  }

  /// A table and its number of rows.
  private static func table(
    _ site: KernelSite, _ op: EmbeddingNormalization, _ index: Int, first: Int, width: Int
  ) -> (Table, Int)? {
    if let codebook = op.codebook(of: index) {
      // Of the operands of EmbeddingNormalization, the first table is the third.
      let place = codebook + first - 2
      return CodedRows(site, first + 2 * index, codebook: place, scales: place + 1, width: width, bits: op.bits[index])
        .map { (.codes($0), $0.rows) }
    }
    guard let (table, extents) = site.floats(first + 2 * index), extents.count == 2, extents[1] == width else { return nil }
    return (.floats(table), extents[0])
  }

  /// Calls `body` with the sources as kernels take them.
  func withSources(_ memory: Memory, _ body: (UnsafeMutableBufferPointer<lathe_embedding_source>) -> Bool) -> Bool {
    withUnsafeTemporaryAllocation(of: lathe_embedding_source.self, capacity: sources.count) { list in
      for (index, source) in sources.enumerated() {
        let ids = source.ids.flatMap { memory.addresses[$0.index] }
        var own = lathe_embedding_source()
        switch source.table {
        case .floats(let table): own.table = UnsafePointer(memory.floats(table))
        case .codes(let rows): own.coded = rows.table(memory)
        }
        (own.rows, own.ids) = (source.rows, lathe_indices(values: ids, is_int64: source.isInt64))
        (own.batch_stride, own.position_stride, own.offset) = (source.batchStride, source.stepStride, offset)
        list.initializeElement(at: index, to: own)
      }
      return body(list)
    }
  }
}

/// EmbeddingNormalization.
struct EmbeddingKernel: Kernel {
  private let lookUp: EmbeddingLookUp
  private let scale, y: ValueID
  private let bias: ValueID?

  init?(_ site: KernelSite, _ op: EmbeddingNormalization) {
    guard let (scale, own) = site.floats(0), let width = own.last, own.count == 1, width > 0,
      let bias = site.optionalFloats(1, [width]), let (y, result) = site.onlyOutput,
      let lookUp = EmbeddingLookUp(site, op, first: 2, width: width, result: result)
    else { return nil }
    (self.scale, self.y, self.bias, self.lookUp) = (scale, y, bias, lookUp)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    lookUp.withSources(memory) { sources in
      var embedding = lathe_embedding_f32()
      (embedding.sequence, embedding.width, embedding.epsilon) = (lookUp.steps, lookUp.width, lookUp.epsilon)
      (embedding.sources, embedding.source_count) = (UnsafePointer(sources.baseAddress), sources.count)
      (embedding.scale, embedding.bias) = (UnsafePointer(memory.floats(scale)), UnsafePointer(memory.floats(bias)))
      embedding.y = memory.floats(y)
      return lathe_parallel_embedding_f32(pool.handle, pool.kernels, &embedding, lookUp.batch * lookUp.steps)
    }
  }
}

/// Gather of slices of 32-bit floats, or of as many bytes, along one axis.
struct GatherKernel: Kernel {
  private let table, ids, y: ValueID
  /// Slices before the axis, along it, and the 32-bit words of each.
  private let outer, rows, width: Int
  private let count: Int
  private let isInt64: Bool

  init?(_ site: KernelSite, _ op: Gather) {
    guard let source = site.input(0), source.dtype == .float32 || source.dtype == .int8, let table = site.node.inputs[0],
      site.node.outputs.count == 1, let y = site.node.outputs[0], site.outputs[0]?.shape.contains(0) == false, let type = site.input(1),
      let ids = site.node.inputs[1], type.dtype == .int64 || type.dtype == .int32
    else { return nil }
    let extents = source.shape
    let axis = op.axis < 0 ? op.axis + extents.count : op.axis
    (self.table, self.ids, self.y, isInt64) = (table, ids, y, type.dtype == .int64)
    (outer, rows) = (extents[..<axis].reduce(1, *), extents[axis])
    let bytes = extents[(axis + 1)...].reduce(source.dtype.bitWidth / 8, *)
    guard bytes % 4 == 0 else { return nil }
    (width, count) = (bytes / 4, type.elementCount)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    for slice in 0..<outer {
      var gather = lathe_gather_f32()
      (gather.rows, gather.width) = (rows, width)
      (gather.table, gather.table_stride) = (memory.words(table).map { UnsafePointer($0 + slice * rows * width) }, width)
      gather.ids = lathe_indices(values: memory.addresses[ids.index], is_int64: isInt64)
      (gather.y, gather.y_stride) = (memory.words(y).map { $0 + slice * count * width }, width)
      guard lathe_parallel_gather_f32(pool.handle, pool.kernels, &gather, count) else { return false }
    }
    return true
  }
}

extension Memory {
  /// The contents of a value as 32-bit words, whatever they mean.
  fileprivate func words(_ id: ValueID) -> UnsafeMutablePointer<Float>? { addresses[id.index]?.assumingMemoryBound(to: Float.self) }
}
