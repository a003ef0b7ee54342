internal import CLatheKernels
import LatheIR
import LatheOperators
import LatheTensors

/// Rows of codes with what makes floats of them, read where they lie.
struct CodedRows {
  let rows: Int
  private let codes, codebook: ValueID
  private let scales: ValueID?
  private let bits, stride: Int

  /// - Parameters:
  ///   - codebook: its position among the operands, as that of the scales, which may be left out.
  ///   - width: floats of a row.
  init?(_ site: KernelSite, _ position: Int, codebook: Int, scales: Int, width: Int, bits: Int) {
    guard let type = site.input(position), type.dtype == .uint8, type.shape.count == 2, let codes = site.node.inputs[position],
      type.shape[1] == CodedTable.rowBytes(width, bits: bits), CodedTable.allowedBits.contains(bits), width > 0,
      let (book, levels) = site.floats(codebook), levels == [1 << bits], let factors = site.optionalFloats(scales, [type.shape[0]])
    else { return nil }
    (self.codes, self.codebook, self.scales, self.bits) = (codes, book, factors, bits)
    (rows, stride) = (type.shape[0], type.shape[1])
  }

  /// The table as kernels take it.
  func table(_ memory: Memory) -> lathe_coded_table {
    var table = lathe_coded_table()
    table.codes = memory.addresses[codes.index].map { UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) }
    (table.stride, table.bits) = (stride, Int32(bits))
    (table.codebook, table.row_scale) = (UnsafePointer(memory.floats(codebook)), UnsafePointer(memory.floats(scales)))
    return table
  }
}

/// CodedGather.
struct CodedGatherKernel: Kernel {
  private let table: CodedRows
  private let ids, y: ValueID
  private let isInt64: Bool
  private let width, count: Int

  init?(_ site: KernelSite, _ op: CodedGather) {
    guard let table = CodedRows(site, 0, codebook: 2, scales: 3, width: op.width, bits: op.bits), let (y, _) = site.onlyOutput,
      let type = site.input(1), type.dtype == .int64 || type.dtype == .int32, let ids = site.node.inputs[1], type.elementCount > 0
    else { return nil }
    (self.table, self.ids, self.y) = (table, ids, y)
    (isInt64, width, count) = (type.dtype == .int64, op.width, type.elementCount)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var gather = lathe_coded_gather_f32()
    (gather.rows, gather.width, gather.table) = (table.rows, width, table.table(memory))
    gather.ids = lathe_indices(values: memory.addresses[ids.index], is_int64: isInt64)
    (gather.y, gather.y_stride) = (memory.floats(y), width)
    return lathe_parallel_coded_gather_f32(pool.handle, pool.kernels, &gather, count)
  }
}
