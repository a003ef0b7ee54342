import LatheDiagnostics
import LatheFiles

/// One data field of one tensor that is about to be written, and where its bytes come from.
///
/// The bytes are asked for when they are written, piece by piece, so a tensor need not lie in memory as it will lie in
/// the file.
struct PayloadSource {
  /// Number of the field, which decides its place in the tensor's message.
  let field: UInt32
  /// Whether the bytes are the content of one length-prefixed field, or whole fields with their keys.
  let form: PayloadPiece.Form
  let byteCount: Int
  /// Gives exactly `byteCount` bytes to the sink, in as many calls as it likes.
  let write: (ByteSink) throws(Diagnostic) -> Void

  init(
    field: UInt32, form: PayloadPiece.Form = .block, byteCount: Int,
    write: @escaping (ByteSink) throws(Diagnostic) -> Void
  ) {
    self.field = field
    self.form = form
    self.byteCount = byteCount
    self.write = write
  }

  /// Little-endian elements for `raw_data`.
  static func rawData(byteCount: Int, write: @escaping (ByteSink) throws(Diagnostic) -> Void) -> PayloadSource {
    PayloadSource(field: TensorPayload.Field.rawData.rawValue, byteCount: byteCount, write: write)
  }

  /// Bytes the field takes in the file, its key and length included.
  var encodedCount: Int {
    guard form == .block else { return byteCount }
    return WireCursor.varintSize(UInt64(field) << 3) + WireCursor.varintSize(UInt64(byteCount)) + byteCount
  }
}

extension PayloadTable {
  /// Sources that copy every piece as it is.
  func sources() -> [PayloadSource] {
    pieces.map { piece in
      let bytes = UnsafeRawBufferPointer(rebasing: bytes[piece.offset..<piece.offset + piece.count])
      let owner = owner
      return PayloadSource(field: piece.field, form: piece.form, byteCount: piece.count) { sink throws(Diagnostic) in
        defer { withExtendedLifetime(owner) {} }
        try sink(bytes)
      }
    }
  }
}
