import LatheDiagnostics
import LatheFiles

extension Tensor {
  /// Bytes given to a sink at once.
  private static let pieceBytes = 4 << 20
  /// Tensors from this size on let the pages of a mapped file go after each piece.
  private static let droppedBytes = 1 << 16

  /// Gives the raw little-endian contents to `sink` piece by piece, so that a mapped tensor never lies in memory as a whole.
  package func stream(to sink: ByteSink) throws(Diagnostic) {
    let storage = storage?.0
    try withBytes { bytes throws(Diagnostic) in
      var position = 0
      while position < bytes.count {
        let end = min(bytes.count, position + Self.pieceBytes)
        try sink(UnsafeRawBufferPointer(rebasing: bytes[position..<end]))
        position = end
        if bytes.count >= Self.droppedBytes { storage?.dropPages() }
      }
    }
  }
}
