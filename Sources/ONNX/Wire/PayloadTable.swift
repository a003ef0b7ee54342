/// A run of bytes of a file that holds values of one data field of one tensor.
struct PayloadPiece: Sendable {
  /// How the values lie in the run.
  enum Form: Sendable {
    /// The content of one length-prefixed field: raw bytes, or packed values.
    case block
    /// Whole fields one after another, each with its key.
    case fields
  }

  let field: UInt32
  let form: Form
  let offset: Int
  var count: Int
  /// Values in the run; for raw bytes, the bytes.
  var elements: Int
}

/// Where the data of every tensor of a decoded file lies, in the file's own bytes.
struct PayloadTable {
  /// The file; valid while `owner` lives.
  let bytes: UnsafeRawBufferPointer
  let owner: AnyObject?
  let pieces: [PayloadPiece]

  /// The data of the tensor whose message has these two values; empty when they are not of this table.
  func payload(start: UInt64, count: UInt64) -> TensorPayload {
    guard let first = Int(exactly: start), let number = Int(exactly: count), first <= pieces.count,
      number <= pieces.count - first
    else { return TensorPayload(bytes: bytes, owner: owner, pieces: []) }
    return TensorPayload(bytes: bytes, owner: owner, pieces: pieces[first..<first + number])
  }
}
