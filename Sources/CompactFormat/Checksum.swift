internal import CLatheChecksum
internal import Foundation

/// CRC-32C (Castagnoli, polynomial 0x1EDC6F41) of the bytes given so far.
struct Checksum {
  private(set) var value: UInt32 = 0

  init() {}

  /// The checksum of `bytes`.
  init(_ bytes: UnsafeRawBufferPointer) { append(bytes) }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    value = lathe_crc32c(value, start, bytes.count)
  }

  mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

  /// The checksums of parts of `bytes`, in their order, by a few threads: the bytes are read for the first time here as a rule.
  static func concurrent(of parts: [Range<Int>], in bytes: UnsafeRawBufferPointer) -> [UInt32] {
    let pieces = parts.enumerated().flatMap { index, part in
      stride(from: part.lowerBound, to: part.upperBound, by: pieceBytes).map { (index, $0..<min($0 + pieceBytes, part.upperBound)) }
    }
    var values = [UInt32](repeating: 0, count: pieces.count)
    let threads = min(mostThreads, ProcessInfo.processInfo.activeProcessorCount, pieces.count)
    values.withUnsafeMutableBufferPointer { values in
      let target = Pieces(bytes: bytes, values: values)
      let total = pieces.count
      DispatchQueue.concurrentPerform(iterations: max(1, threads)) { thread in
        for piece in stride(from: thread, to: total, by: max(1, threads)) { target.check(piece, pieces[piece].1) }
      }
    }
    var result = [UInt32](repeating: 0, count: parts.count)
    for (piece, value) in zip(pieces, values) { result[piece.0] = lathe_crc32c_combined(result[piece.0], value, piece.1.count) }
    return result
  }

  /// A piece that one thread takes at a time.
  private static let pieceBytes = 1 << 20
  private static let mostThreads = 4

  /// Shared by the threads, each of which writes values of its own.
  private struct Pieces: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    let values: UnsafeMutableBufferPointer<UInt32>

    func check(_ piece: Int, _ range: Range<Int>) {
      values[piece] = Checksum(UnsafeRawBufferPointer(rebasing: bytes[range])).value
    }
  }
}
