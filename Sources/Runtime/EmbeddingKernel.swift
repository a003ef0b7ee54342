internal import CLatheKernels
import LatheDiagnostics
import LatheOperators
import LatheTensors

/// EmbeddingNormalization on tables of 32-bit floats.
struct EmbeddingKernel: Sendable {
  let pool: ThreadPool
  let op: EmbeddingNormalization

  @Sendable func run(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor]? {
    guard let scale = inputs[0], scale.dtype == .float32, let width = scale.shape.last, scale.rank == 1, width > 0,
      inputs.count > 3, let tokens = inputs[3]?.shape, tokens.count == 2
    else { return nil }
    let bias = inputs[1]
    guard bias?.isFloats([width]) ?? true else { return nil }
    var rows: [[Int64]] = []
    var tables: [UnsafePointer<Float>?] = []
    for (index, source) in op.sources.enumerated() {
      guard let table = inputs[2 + 2 * index], table.dtype == .float32, table.rank == 2, table.shape[1] == width,
        let own = self.rows(source, 3 + 2 * index < inputs.count ? inputs[3 + 2 * index] : nil, tokens, of: table.shape[0])
      else { return nil }
      rows.append(own)
      tables.append(table.floats)
    }
    let y = try pool.buffers.tensor(tokens + [width]) { y in
      withPointers(to: rows) { rows in
        tables.withUnsafeBufferPointer { tables in
          var embedding = lathe_embedding_f32()
          (embedding.count, embedding.tables, embedding.rows) = (tables.count, tables.baseAddress, rows)
          (embedding.normalization.width, embedding.normalization.y) = (width, y)
          (embedding.normalization.scale, embedding.normalization.bias) = (scale.floats, bias?.floats)
          embedding.normalization.epsilon = op.epsilon
          lathe_parallel_embedding_f32(pool.handle, pool.kernels, &embedding, tokens[0] * tokens[1])
        }
      }
      withExtendedLifetime(inputs) {}
    }
    return [y]
  }

  /// A row for each token; nil where an id is out of the table or does not broadcast, which reference evaluation reports.
  private func rows(
    _ source: EmbeddingNormalization.Source, _ ids: Tensor?, _ tokens: [Int], of count: Int
  ) -> [Int64]? {
    let (batch, steps) = (tokens[0], tokens[1])
    guard source == .ids else {
      guard op.offset + steps <= count else { return nil }
      return (0..<batch * steps).map { Int64(op.offset + $0 % max(1, steps)) }
    }
    guard let ids, ids.rank == 2, let numbers = ids.integers(), zip(ids.shape, tokens).allSatisfy({ $0 == 1 || $0 == $1 }) else {
      return nil
    }
    var rows: [Int64] = []
    rows.reserveCapacity(batch * steps)
    for row in 0..<batch {
      for step in 0..<steps {
        let id = numbers[(ids.shape[0] == 1 ? 0 : row) * ids.shape[1] + (ids.shape[1] == 1 ? 0 : step)]
        let index = id < 0 ? id + count : id
        guard index >= 0, index < count else { return nil }
        rows.append(Int64(index))
      }
    }
    return rows
  }

  private func withPointers(to lists: [[Int64]], _ body: (UnsafePointer<UnsafePointer<Int64>?>?) -> Void) {
    func descend(_ index: Int, _ pointers: [UnsafePointer<Int64>?]) {
      guard index < lists.count else { return pointers.withUnsafeBufferPointer { body($0.baseAddress) } }
      lists[index].withUnsafeBufferPointer { descend(index + 1, pointers + [$0.baseAddress]) }
    }
    descend(0, [])
  }
}
