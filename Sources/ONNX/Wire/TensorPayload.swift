/// The data fields of one tensor message, read from where they lie in the file.
///
/// The scanner has checked every run: fixed-width values are whole, varints end, and `elements` is their number.
struct TensorPayload {
  /// The fields of a tensor that hold elements.
  enum Field: UInt32, CaseIterable {
    case floatData = 4
    case int32Data = 5
    case stringData = 6
    case int64Data = 7
    case rawData = 9
    case doubleData = 10
    case uint64Data = 11
  }

  let bytes: UnsafeRawBufferPointer
  /// Keeps `bytes` valid.
  let owner: AnyObject?
  let pieces: ArraySlice<PayloadPiece>

  /// The fields that are there, even when they hold no element, by number.
  var fields: [Field] {
    Field.allCases.filter { field in pieces.contains { $0.field == field.rawValue } }
  }

  /// Offset in the file of the first byte of `field`.
  func offset(of field: Field) -> Int? {
    pieces.first { $0.field == field.rawValue }?.offset
  }

  /// How many values `field` holds; for `rawData`, how many bytes.
  func count(of field: Field) -> Int {
    pieces.reduce(0) { $1.field == field.rawValue ? $0 + $1.elements : $0 }
  }

  /// The little-endian bytes of `rawData`, or of a packed `floatData` or `doubleData`, in place; nil when the values do
  /// not lie in one piece. The alignment is any.
  func contiguous(_ field: Field) -> UnsafeRawBufferPointer? {
    guard field == .rawData || field == .floatData || field == .doubleData else { return nil }
    let runs = pieces.filter { $0.field == field.rawValue }
    guard runs.count == 1, let run = runs.first, run.form == .block else { return nil }
    return UnsafeRawBufferPointer(rebasing: bytes[run.offset..<run.offset + run.count])
  }

  /// Calls `body` with the bit pattern of each value of a fixed-width field (`floatData`, `doubleData`), in order.
  func forEachFixed<E: Error>(_ field: Field, _ body: (UInt64) throws(E) -> Void) throws(E) {
    let width = field == .floatData ? 4 : 8
    for run in pieces where run.field == field.rawValue {
      var cursor = WireCursor(bytes, at: run.offset)
      let end = run.offset + run.count
      while cursor.position < end {
        if run.form == .fields, cursor.varint(before: end) == nil { break }
        guard end - cursor.position >= width else { break }
        let value =
          width == 4
          ? UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: cursor.position, as: UInt32.self)))
          : UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: cursor.position, as: UInt64.self))
        try body(value)
        cursor.position += width
      }
    }
  }

  /// Calls `body` with each value of a varint field (`int32Data`, `int64Data`, `uint64Data`), in order; a negative
  /// number arrives as its 64-bit two's complement.
  func forEachVarint<E: Error>(_ field: Field, _ body: (UInt64) throws(E) -> Void) throws(E) {
    for run in pieces where run.field == field.rawValue {
      var cursor = WireCursor(bytes, at: run.offset)
      let end = run.offset + run.count
      while cursor.position < end {
        if run.form == .fields, cursor.varint(before: end) == nil { break }
        guard let value = cursor.varint(before: end) else { break }
        try body(value)
      }
    }
  }

  /// Calls `body` with each element of `stringData`, in order.
  func forEachString<E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
    for run in pieces where run.field == Field.stringData.rawValue {
      var cursor = WireCursor(bytes, at: run.offset)
      let end = run.offset + run.count
      while cursor.position < end {
        guard cursor.varint(before: end) != nil, let length = cursor.varint(before: end),
          let count = Int(exactly: length), count <= end - cursor.position
        else { break }
        try body(UnsafeRawBufferPointer(rebasing: bytes[cursor.position..<cursor.position + count]))
        cursor.position += count
      }
    }
  }
}
