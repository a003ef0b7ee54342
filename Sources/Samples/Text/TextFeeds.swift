import LatheDiagnostics
import LatheTensors

/// Makes padded batches of rows of tokens.
struct TextFeeds {
  let binding: TextBinding
  let paddingID: Int32
  let limits: ResourceLimits

  /// Batches in which rows are sorted by falling length; rows of one length stay in order.
  func batches(of rows: [EncodedRow], size: Int) throws(Diagnostic) -> [Feed] {
    let sorted = rows.sorted { $0.ids.count != $1.ids.count ? $0.ids.count > $1.ids.count : $0.sample < $1.sample }
    var feeds: [Feed] = []
    for start in stride(from: 0, to: sorted.count, by: size) { feeds.append(try feed(of: sorted[start..<min(start + size, sorted.count)])) }
    return feeds
  }

  /// One batch; its first row is the longest.
  func feed(of rows: ArraySlice<EncodedRow>) throws(Diagnostic) -> Feed {
    let length = binding.fixedLength ?? rows.first?.ids.count ?? 0
    let batch = binding.fixedBatch ?? rows.count
    let filled = Array(rows) + (rows.last.map { Array(repeating: $0, count: batch - rows.count) } ?? [])
    var inputs: [String: Tensor] = [:]
    for target in binding.targets { inputs[target.name] = try tensor(target, filled, length: length) }
    return Feed(
      inputs: inputs, rows: rows.map(\.sample), lengths: rows.map(\.ids.count), paddedLength: length)
  }

  private func tensor(_ target: TextBinding.Target, _ rows: [EncodedRow], length: Int) throws(Diagnostic) -> Tensor {
    let shape = target.role == .lengths ? [rows.count] : [rows.count, length]
    let count = try Tensor.elementCount(of: shape)
    guard let bytes = target.dtype.byteCount(of: count), bytes <= limits.tensorBytes else {
      throw limits.exceeded(
        "tensor-bytes", "a batch of \(rows.count) texts of \(length) tokens for \(target.name) is larger")
    }
    if target.dtype == .bool {
      return try Tensor(of: Bool.self, shape: shape) { (out) throws(Diagnostic) in
        forEachValue(target.role, rows, length) { out[$0] = $1 != 0 }
      }
    }
    guard let type = target.dtype.numericType else {
      throw .invalid("samples/text-input", "the input \(target.name) of \(target.dtype) cannot be made from text")
    }
    return try numbers(type, target.role, rows, length, shape)
  }

  private func numbers<T: NumericElement>(
    _ type: T.Type, _ role: TextRole, _ rows: [EncodedRow], _ length: Int, _ shape: [Int]
  ) throws(Diagnostic) -> Tensor {
    try Tensor(of: T.self, shape: shape) { (out) throws(Diagnostic) in
      forEachValue(role, rows, length) { out[$0] = T(double: Double($1)) }
    }
  }

  /// Calls `write` with the place and the value of each element that is not zero.
  @inline(__always)
  private func forEachValue(_ role: TextRole, _ rows: [EncodedRow], _ length: Int, _ write: (Int, Int) -> Void) {
    for (row, encoded) in rows.enumerated() {
      let start = row * length
      let count = encoded.ids.count
      switch role {
      case .ids:
        for (column, id) in encoded.ids.enumerated() { write(start + column, Int(id)) }
        for column in count..<length { write(start + column, Int(paddingID)) }
      case .mask: for column in 0..<count { write(start + column, 1) }
      case .segments: for column in (encoded.firstSegment ?? count)..<count { write(start + column, 1) }
      case .positions: for column in 0..<length { write(start + column, column) }
      case .taskTypes: break
      case .lengths: write(row, count)
      }
    }
  }
}

/// The tokens of one sample.
struct EncodedRow {
  var sample: Int
  var ids: [Int32]
  /// Where the second text of a pair starts; nil for a single text.
  var firstSegment: Int?
}
