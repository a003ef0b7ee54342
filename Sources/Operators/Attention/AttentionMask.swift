import LatheDiagnostics
import LatheTensors

/// Which keys each query of an Attention attends to, and what is added to its scores.
struct AttentionMask {
  private let values: [Double]?
  private let layout: StridedLayout?
  /// Keys that the mask covers; those behind are not attended to.
  private let covered: Int
  private let isCausal: Bool
  private let left: Int?
  private let right: Int?
  /// Position of the first query among the keys, for each of the batch.
  private let offsets: [Int]
  /// Keys that count, for each of the batch.
  private let lengths: [Int]?

  /// Beyond this, positions are all the same.
  private static let far = 1 << 40

  init(_ inputs: [Tensor?], _ op: Attention, batch: Int, heads: Int, queries: Int, keys: Int) throws(Diagnostic) {
    isCausal = op.isCausal
    left = op.leftWindow.map { Swift.min($0, Self.far) }
    right = op.rightWindow.map { Swift.min($0, Self.far) }
    lengths = inputs.optional(6)?.integers()?.map { Swift.min(Swift.max($0, -Self.far), Self.far) }
    let past = inputs.optional(4)?.shape[2] ?? 0
    offsets = lengths.map { $0.map { $0 - queries } } ?? Array(repeating: past, count: batch)
    guard let mask = inputs.optional(3) else {
      (values, layout, covered) = (nil, nil, keys)
      return
    }
    covered = mask.shape.last ?? keys
    layout = StridedLayout(broadcasting: mask.shape, to: [batch, heads, queries, covered])
    let numbers = mask.doubles()
    values = mask.dtype == .bool ? numbers?.map { $0 == 0 ? -Double.infinity : 0 } : numbers
  }

  /// Adds one query's bias to `row`.
  func add(_ image: Int, _ head: Int, _ query: Int, _ row: UnsafeMutableBufferPointer<Double>) {
    if let values, let layout {
      let start = image * layout.strides[0] + head * layout.strides[1] + query * layout.strides[2]
      for key in row.indices { row[key] += key < covered ? values[start + key * layout.strides[3]] : -Double.infinity }
    }
    let position = query + offsets[image]
    for key in row.indices {
      var isAttended = !isCausal || key <= position
      if let left { isAttended = isAttended && position - key <= left }
      if let right { isAttended = isAttended && key - position <= right }
      if let lengths { isAttended = isAttended && key < lengths[image] }
      if !isAttended { row[key] = -Double.infinity }
    }
  }
}
