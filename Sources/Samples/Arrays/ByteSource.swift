import LatheDiagnostics
import LatheFiles
import LatheTensors

/// Bytes that are read once, from start to end.
protocol ByteSource {
  /// Bytes that are left, as far as their container tells.
  var remaining: Int { get }

  /// Fills `target`.
  ///
  /// - Throws: `npy/truncated` if fewer bytes are left; `what` says what they were to hold.
  mutating func fill(_ target: UnsafeMutableRawBufferPointer, with what: String) throws(Diagnostic)

  /// A view of the next `count` bytes without a copy, which counts as reading them; nil if there is no such view.
  mutating func view(_ count: Int) -> (TensorStorage, byteOffset: Int)?

  /// Checks that nothing is left, and what the container knows of its bytes.
  mutating func finish() throws(Diagnostic)
}

extension ByteSource {
  mutating func view(_ count: Int) -> (TensorStorage, byteOffset: Int)? { nil }

  /// The next `count` bytes, which are few.
  mutating func bytes(_ count: Int, of what: String) throws(Diagnostic) -> [UInt8] {
    guard count <= remaining else { throw Self.truncated(what, needed: count, left: remaining) }
    var failure: Diagnostic?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(Diagnostic) {
        try fill(UnsafeMutableRawBufferPointer(buffer), with: what)
        filled = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  static func truncated(_ what: String, needed: Int, left: Int) -> Diagnostic {
    .invalid(
      "npy/truncated", "the array ends within \(what): \(needed) bytes are needed and \(left) are left",
      fix: "save or copy the file again")
  }

  static func trailing(_ count: Int) -> Diagnostic {
    .invalid(
      "npy/trailing-bytes", "\(count) bytes follow the array",
      fix: "save each array in a file of its own, or use numpy.savez")
  }
}

/// The bytes of a mapped file.
struct MappedSource: ByteSource {
  private let file: MappedFile
  private let storage: TensorStorage
  private var offset = 0

  init(_ file: MappedFile) {
    self.file = file
    storage = TensorStorage(bytes: file.bytes, owner: file)
  }

  var remaining: Int { file.bytes.count - offset }

  mutating func fill(_ target: UnsafeMutableRawBufferPointer, with what: String) throws(Diagnostic) {
    guard target.count <= remaining else { throw Self.truncated(what, needed: target.count, left: remaining) }
    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + target.count]))
    offset += target.count
  }

  mutating func view(_ count: Int) -> (TensorStorage, byteOffset: Int)? {
    guard count <= remaining else { return nil }
    defer { offset += count }
    return (storage, offset)
  }

  mutating func finish() throws(Diagnostic) {
    guard remaining == 0 else { throw Self.trailing(remaining) }
  }
}
