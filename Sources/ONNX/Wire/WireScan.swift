import LatheDiagnostics
import LatheProtobuf

/// Checks the bytes of a protobuf message before protobuf-c sees them, and makes the *skeleton* it will see instead.
///
/// The skeleton is the message without unknown fields and without payload fields (the elements of tensors): those stay
/// where they are in the file and are listed in `pieces`; the message that had them gets two fields of ours that say
/// which pieces are its own. Lengths in the skeleton take five bytes, so it is made in one pass.
///
/// One loop with a stack of its own; time is linear in the structure, and payload bytes are read only where they are
/// varints.
struct WireScan {
  /// A message that is open.
  struct Frame {
    let message: Int
    /// The field of the enclosing message it is the value of.
    let field: Int
    /// Where that field's key begins.
    let keyOffset: Int
    let start: Int
    let end: Int
    /// Where its length goes in the skeleton.
    let lengthOffset: Int
    let level: Int
    let firstPiece: Int
    var fieldCount = 0
    /// Fields seen, by position in the message type.
    var seen: UInt64 = 0
    var seenOneofs: UInt64 = 0
  }

  /// A kind of field the schema lacks, and where it was first met.
  struct UnknownField {
    let message: Int
    let number: UInt32
    let offset: Int
    var count: Int
  }

  /// Most levels and messages whatever the limits say: protobuf-c recurses, and its stack is not ours to grow.
  static let hardLevels = 300
  private static let allocationOverhead = 16
  private static let lengthBytes = 5
  private static let mostUnknownKinds = 32

  let schema: WireSchema
  let limits: ResourceLimits
  let budget: Int
  var cursor: WireCursor
  var frames: [Frame] = []
  private(set) var skeleton: [UInt8] = []
  private(set) var pieces: [PayloadPiece] = []
  private(set) var unknown: [UnknownField] = []
  private var cost = 0

  private init(_ bytes: UnsafeRawBufferPointer, schema: WireSchema, limits: ResourceLimits) {
    self.schema = schema
    self.limits = limits
    cursor = WireCursor(bytes)
    budget = limits.decodedBytes(from: bytes.count)
  }

  /// Scans a message of type number `root` that fills `bytes`.
  ///
  /// Throws what is wrong and where: its byte offset, and the path of fields that leads there.
  static func run(
    _ bytes: UnsafeRawBufferPointer, as root: Int, schema: WireSchema, limits: ResourceLimits
  ) throws(Diagnostic) -> WireScan {
    var scan = WireScan(bytes, schema: schema, limits: limits)
    scan.frames.append(
      Frame(
        message: root, field: -1, keyOffset: 0, start: 0, end: bytes.count, lengthOffset: -1,
        level: schema.messages[root].isLevel ? 1 : 0, firstPiece: 0))
    scan.cost = schema.messages[root].structBytes
    while let top = scan.frames.last {
      if scan.cursor.position == top.end {
        scan.close(top)
      } else {
        try scan.readField(in: top)
      }
    }
    return scan
  }

  private mutating func close(_ frame: Frame) {
    frames.removeLast()
    if pieces.count > frame.firstPiece, schema.messages[frame.message].hasPayload {
      skeleton.appendKey(schema.special.start, .varint)
      skeleton.appendVarint(UInt64(frame.firstPiece))
      skeleton.appendKey(schema.special.count, .varint)
      skeleton.appendVarint(UInt64(pieces.count - frame.firstPiece))
    }
    guard frame.lengthOffset >= 0 else { return }
    var length = skeleton.count - frame.lengthOffset - Self.lengthBytes
    for index in 0..<Self.lengthBytes {
      skeleton[frame.lengthOffset + index] = UInt8(length & 0x7f) | (index < Self.lengthBytes - 1 ? 0x80 : 0)
      length >>= 7
    }
  }

  private mutating func readField(in frame: Frame) throws(Diagnostic) {
    let keyOffset = cursor.position
    guard let key = cursor.varint(before: frame.end) else { throw varintFault(at: keyOffset, field: nil) }
    guard key <= UInt64(UInt32.max), key >> 3 != 0 else {
      throw fault("bad-key", "a field begins with the key \(key), which no field can have", at: keyOffset, field: nil)
    }
    guard let type = WireCursor.WireType(rawValue: UInt8(key & 7)) else {
      throw fault(
        "bad-key", "a field begins with wire type \(key & 7), which does not exist", at: keyOffset, field: nil)
    }
    let number = UInt32(key >> 3)
    guard let index = schema.field(number, of: frame.message) else {
      return try skipUnknown(number, type, keyOffset)
    }
    let field = schema.fields[index]
    try countField(index, field, keyOffset)
    guard type == field.wireType || (type == .lengthPrefixed && field.isPackable) else {
      throw fault(
        "wire-type", "it is encoded as \(Self.name(type)) instead of \(Self.name(field.wireType))", at: keyOffset,
        field: index)
    }
    if type == .lengthPrefixed {
      try readBlock(index, field, keyOffset, frame)
    } else {
      try readScalar(index, field, type, keyOffset, frame)
    }
  }

  /// Notes that the field is there, and refuses a second value for a field that has one.
  private mutating func countField(_ index: Int, _ field: WireSchema.Field, _ keyOffset: Int) throws(Diagnostic) {
    let top = frames.count - 1
    frames[top].fieldCount += 1
    // protobuf-c's record of a field while its message is open; the first 16 are on its stack.
    if frames[top].fieldCount > 16 { try charge(64, keyOffset) }
    guard !field.isRepeated else { return }
    let bit = UInt64(1) << UInt64(index - schema.messages[frames[top].message].fields.lowerBound)
    guard frames[top].seen & bit == 0 else {
      throw fault("field-twice", "it is there twice, and only one value is possible", at: keyOffset, field: index)
    }
    frames[top].seen |= bit
    guard field.oneof > 0 else { return }
    let group = UInt64(1) << UInt64(field.oneof)
    guard frames[top].seenOneofs & group == 0 else {
      throw fault("field-twice", "its message already has another of its alternatives", at: keyOffset, field: index)
    }
    frames[top].seenOneofs |= group
  }

  private mutating func readScalar(
    _ index: Int, _ field: WireSchema.Field, _ type: WireCursor.WireType, _ keyOffset: Int, _ frame: Frame
  ) throws(Diagnostic) {
    let start = cursor.position
    guard cursor.skip(type, before: frame.end) else {
      if type == .varint { throw varintFault(at: start, field: index) }
      throw truncated("its value", at: start, field: index)
    }
    if field.isPayload {
      return try addFields(field, elements: 1, keyOffset, frame)
    }
    if field.isRepeated { try charge(field.width, keyOffset) }
    skeleton.appendKey(field.number, type)
    skeleton.append(contentsOf: cursor.bytes[start..<cursor.position])
  }

  private mutating func readBlock(
    _ index: Int, _ field: WireSchema.Field, _ keyOffset: Int, _ frame: Frame
  ) throws(Diagnostic) {
    let lengthOffset = cursor.position
    guard let length = cursor.varint(before: frame.end) else { throw varintFault(at: lengthOffset, field: index) }
    let left = frame.end - cursor.position
    guard let count = Int(exactly: length), count <= left else {
      throw overrun(length, left: left, at: lengthOffset, field: index)
    }
    let start = cursor.position
    guard !field.isName || count <= limits.nameBytes else {
      throw limits.exceeded(
        "name-bytes", "\(path(to: index, at: keyOffset)): a name of \(count) bytes", at: Location(byteOffset: keyOffset))
    }
    if field.kind == .message {
      return try open(index, field, keyOffset, start..<start + count, frame)
    }
    let elements = try countElements(index, field, start..<start + count)
    cursor.position = start + count
    if field.isPayload {
      // An element that is a block of its own (a string) keeps its key, so that neighbours are one run.
      if field.isRepeated && field.kind == .bytes {
        return try addFields(field, elements: 1, keyOffset, frame)
      }
      try charge(MemoryLayout<PayloadPiece>.stride, keyOffset)
      pieces.append(PayloadPiece(field: field.number, form: .block, offset: start, count: count, elements: elements))
      return
    }
    let decoded = field.kind == .bytes ? count + (field.isRepeated ? field.width : 0) : elements * field.width
    try charge(decoded + Self.allocationOverhead, keyOffset)
    skeleton.appendKey(field.number, .lengthPrefixed)
    skeleton.appendVarint(length)
    skeleton.append(contentsOf: cursor.bytes[start..<start + count])
  }

  private mutating func open(
    _ index: Int, _ field: WireSchema.Field, _ keyOffset: Int, _ range: Range<Int>, _ parent: Frame
  ) throws(Diagnostic) {
    let message = schema.messages[field.message]
    let level = parent.level + (message.isLevel ? 1 : 0)
    let levels = min(max(1, limits.nestingDepth), Self.hardLevels)
    guard level <= levels, frames.count < 3 * levels + 16 else {
      throw tooDeep(levels, at: keyOffset, field: index)
    }
    try charge(message.structBytes + Self.allocationOverhead + (field.isRepeated ? field.width : 0), keyOffset)
    skeleton.appendKey(field.number, .lengthPrefixed)
    frames.append(
      Frame(
        message: field.message, field: index, keyOffset: keyOffset, start: range.lowerBound, end: range.upperBound,
        lengthOffset: skeleton.count, level: level, firstPiece: pieces.count))
    skeleton.append(contentsOf: repeatElement(0, count: Self.lengthBytes))
  }

  /// Values in a block, which must hold whole ones; bytes, where the values are bytes.
  private mutating func countElements(
    _ index: Int, _ field: WireSchema.Field, _ range: Range<Int>
  ) throws(Diagnostic) -> Int {
    switch field.kind {
    case .bytes, .message:
      return range.count
    case .fixed32, .fixed64:
      let width = field.kind == .fixed32 ? 4 : 8
      guard range.count % width == 0 else {
        throw fault(
          "packed-length", "its \(range.count) bytes are not a whole number of \(width)-byte values",
          at: range.lowerBound, field: index)
      }
      return range.count / width
    case .varint:
      var elements = 0
      while cursor.position < range.upperBound {
        guard cursor.varint(before: range.upperBound) != nil else {
          throw varintFault(at: cursor.position, field: index)
        }
        elements += 1
      }
      return elements
    }
  }

  /// Adds the field that ends here to the run of its neighbours, or begins one.
  private mutating func addFields(
    _ field: WireSchema.Field, elements: Int, _ keyOffset: Int, _ frame: Frame
  ) throws(Diagnostic) {
    if pieces.count > frame.firstPiece, let last = pieces.last, last.field == field.number, last.form == .fields,
      last.offset + last.count == keyOffset
    {
      pieces[pieces.count - 1].count = cursor.position - last.offset
      pieces[pieces.count - 1].elements += elements
      return
    }
    try charge(MemoryLayout<PayloadPiece>.stride, keyOffset)
    pieces.append(
      PayloadPiece(
        field: field.number, form: .fields, offset: keyOffset, count: cursor.position - keyOffset, elements: elements))
  }

  private mutating func skipUnknown(
    _ number: UInt32, _ type: WireCursor.WireType, _ keyOffset: Int
  ) throws(Diagnostic) {
    guard let frame = frames.last else { return }
    guard type != .groupStart, type != .groupEnd else {
      throw fault("group", "field \(number) is a protobuf group, and ONNX has none", at: keyOffset, field: nil)
    }
    let start = cursor.position
    guard cursor.skip(type, before: frame.end) else {
      throw fault("truncated", "field \(number) does not end within its message", at: start, field: nil)
    }
    if let index = unknown.firstIndex(where: { $0.number == number && $0.message == frame.message }) {
      unknown[index].count += 1
    } else if unknown.count < Self.mostUnknownKinds {
      unknown.append(UnknownField(message: frame.message, number: number, offset: keyOffset, count: 1))
    }
  }

  private mutating func charge(_ bytes: Int, _ offset: Int) throws(Diagnostic) {
    cost += bytes
    guard cost > budget else { return }
    throw overBudget(at: offset)
  }
}
