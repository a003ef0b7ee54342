import LatheDiagnostics
import LatheFiles

/// Writes a packed skeleton as a file: payloads go in where tensors refer to them, and every length is what it must be.
///
/// Payloads stream from their sources, so nothing but the skeleton is ever whole in memory. A tensor's fields come out
/// in the order of their numbers, so the bytes are those any protobuf library would write.
struct SkeletonWriter {
  /// Where the file departs from the skeleton.
  private struct Edit {
    enum Content {
      case length(Int)
      case payload(Int)
      case nothing
    }

    let offset: Int
    /// Bytes of the skeleton that it replaces.
    let replaced: Int
    var content: Content
  }

  private struct Frame {
    let message: Int
    let start: Int
    let end: Int
    let edit: Int
    var growth = 0
  }

  /// Most bytes of a protobuf message that other readers accept.
  static let largestFile = Int(Int32.max)
  private static let stagingBytes = 1 << 16

  private let skeleton: [UInt8]
  private let schema: WireSchema
  private let payloads: [PayloadSource]
  private var edits: [Edit] = []
  /// Bytes the file will have.
  private(set) var byteCount = 0

  /// Plans the file for a message of type number `root`.
  ///
  /// The message's tensors refer to `payloads` by their two fields of ours.
  init(_ skeleton: [UInt8], as root: Int, schema: WireSchema, payloads: [PayloadSource]) throws(Diagnostic) {
    self.skeleton = skeleton
    self.schema = schema
    self.payloads = payloads
    let planned = skeleton.withUnsafeBytes { bytes -> ([Edit], Int)? in
      var edits: [Edit] = []
      guard let growth = plan(WireCursor(bytes), root, &edits) else { return nil }
      return (edits, growth)
    }
    guard let planned else { throw Self.badSkeleton }
    edits = planned.0
    byteCount = skeleton.count + planned.1
    guard byteCount <= Self.largestFile else {
      throw Diagnostic(
        "onnx/too-large", .unwritableOutput,
        "the model takes \(byteCount) bytes, and a protobuf file can have \(Self.largestFile)",
        fix: "write the weights to a file beside the model (external data)")
    }
  }

  private static let badSkeleton = Diagnostic(
    "onnx/skeleton", .internalFault, "a message that was made to be written cannot be read back")

  /// Finds the edits; the result is how much longer the file is than the skeleton, or nil when the skeleton is bad.
  private func plan(_ begin: WireCursor, _ root: Int, _ edits: inout [Edit]) -> Int? {
    var cursor = begin
    var frames = [Frame(message: root, start: 0, end: cursor.bytes.count, edit: -1)]
    while let top = frames.last {
      if top.start == cursor.position, schema.messages[top.message].hasPayload {
        guard let growth = planTensor(&cursor, top, &edits) else { return nil }
        frames[frames.count - 1].growth = growth
      }
      guard cursor.position < top.end else {
        let growth = close(frames.removeLast(), &edits)
        guard let parent = frames.indices.last else { return growth }
        frames[parent].growth += growth
        continue
      }
      guard let key = cursor.varint(before: top.end), let type = WireCursor.WireType(rawValue: UInt8(key & 7)) else {
        return nil
      }
      guard type == .lengthPrefixed, let field = schema.field(UInt32(truncatingIfNeeded: key >> 3), of: top.message),
        schema.fields[field].kind == .message, schema.messages[schema.fields[field].message].reachesPayload
      else {
        guard cursor.skip(type, before: top.end) else { return nil }
        continue
      }
      let lengthOffset = cursor.position
      guard let length = cursor.varint(before: top.end), let count = Int(exactly: length),
        count <= top.end - cursor.position
      else { return nil }
      frames.append(
        Frame(
          message: schema.fields[field].message, start: cursor.position, end: cursor.position + count,
          edit: edits.count))
      edits.append(Edit(offset: lengthOffset, replaced: cursor.position - lengthOffset, content: .length(count)))
    }
    return nil
  }

  /// Settles the length of a message; the result is its growth with that of its length.
  private func close(_ frame: Frame, _ edits: inout [Edit]) -> Int {
    guard frame.edit >= 0 else { return frame.growth }
    let count = frame.end - frame.start + frame.growth
    edits[frame.edit].content = .length(count)
    return frame.growth + WireCursor.varintSize(UInt64(count)) - edits[frame.edit].replaced
  }

  /// Plans one tensor from its first byte to its last; the result is its growth.
  private func planTensor(_ cursor: inout WireCursor, _ frame: Frame, _ edits: inout [Edit]) -> Int? {
    var fields: [(number: UInt32, range: Range<Int>)] = []
    var first: UInt64 = 0
    var count: UInt64 = 0
    while cursor.position < frame.end {
      let start = cursor.position
      guard let key = cursor.varint(before: frame.end), let type = WireCursor.WireType(rawValue: UInt8(key & 7)) else {
        return nil
      }
      let number = UInt32(truncatingIfNeeded: key >> 3)
      if number == schema.special.start || number == schema.special.count {
        guard type == .varint, let value = cursor.varint(before: frame.end) else { return nil }
        if number == schema.special.start { first = value } else { count = value }
      } else {
        guard cursor.skip(type, before: frame.end) else { return nil }
      }
      fields.append((number, start..<cursor.position))
    }
    guard let start = Int(exactly: first), let number = Int(exactly: count), start <= payloads.count,
      number <= payloads.count - start
    else { return nil }
    return splice(start..<start + number, into: fields, &edits)
  }

  private func splice(
    _ range: Range<Int>, into fields: [(number: UInt32, range: Range<Int>)], _ edits: inout [Edit]
  ) -> Int {
    var rest = range.sorted { (payloads[$0].field, $0) < (payloads[$1].field, $1) }[...]
    var growth = 0
    for field in fields {
      while let next = rest.first, payloads[next].field < field.number {
        edits.append(Edit(offset: field.range.lowerBound, replaced: 0, content: .payload(next)))
        growth += payloads[next].encodedCount
        rest = rest.dropFirst()
      }
      if field.number >= schema.special.firstPrivate {
        edits.append(Edit(offset: field.range.lowerBound, replaced: field.range.count, content: .nothing))
        growth -= field.range.count
      }
    }
    return growth
  }

  /// Gives the file's bytes to `sink`, in order.
  ///
  /// Throws what the sink or a payload throws.
  func write(to sink: ByteSink) throws(Diagnostic) {
    var staged: [UInt8] = []
    staged.reserveCapacity(Self.stagingBytes)
    var position = 0
    for edit in edits {
      try stage(position..<edit.offset, &staged, sink)
      position = edit.offset + edit.replaced
      switch edit.content {
      case .length(let count):
        staged.appendVarint(UInt64(count))
      case .payload(let index):
        try write(payloads[index], &staged, sink)
      case .nothing:
        break
      }
    }
    try stage(position..<skeleton.count, &staged, sink)
    try Self.flush(&staged, sink)
  }

  private func stage(_ range: Range<Int>, _ staged: inout [UInt8], _ sink: ByteSink) throws(Diagnostic) {
    staged.append(contentsOf: skeleton[range])
    if staged.count >= Self.stagingBytes { try Self.flush(&staged, sink) }
  }

  private func write(_ payload: PayloadSource, _ staged: inout [UInt8], _ sink: ByteSink) throws(Diagnostic) {
    if payload.form == .block {
      staged.appendKey(payload.field, .lengthPrefixed)
      staged.appendVarint(UInt64(payload.byteCount))
    }
    try Self.flush(&staged, sink)
    var written = 0
    try payload.write { bytes throws(Diagnostic) in
      written += bytes.count
      try sink(bytes)
    }
    guard written == payload.byteCount else {
      throw Diagnostic(
        "onnx/payload-length", .internalFault, "a tensor gave \(written) bytes instead of \(payload.byteCount)")
    }
  }

  private static func flush(_ staged: inout [UInt8], _ sink: ByteSink) throws(Diagnostic) {
    guard !staged.isEmpty else { return }
    try staged.withUnsafeBufferPointer { bytes throws(Diagnostic) in try sink(UnsafeRawBufferPointer(bytes)) }
    staged.removeAll(keepingCapacity: true)
  }
}
