internal import Foundation
import LatheDiagnostics
import LatheFiles

/// Immutable bytes that tensors share: allocated here, or owned by something else such as a mapped file.
public final class TensorStorage: @unchecked Sendable {
  /// The bytes; aligned to 64 when allocated here.
  public let bytes: UnsafeRawBufferPointer
  private let owner: AnyObject?

  /// Wraps `bytes` that live as long as `owner`; nothing is copied.
  public init(bytes: UnsafeRawBufferPointer, owner: AnyObject) {
    self.bytes = bytes
    self.owner = owner
  }

  /// Allocates `byteCount` zeroed bytes and lets `fill` write them before they become immutable.
  ///
  /// - Throws: `tensor/out-of-memory` if the system has not that much memory, and what `fill` throws.
  public init(
    byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    var pointer: UnsafeMutableRawPointer?
    let status = posix_memalign(&pointer, 64, Swift.max(byteCount, 64))
    guard status == 0, let pointer else {
      throw Diagnostic.invalid("tensor/out-of-memory", "cannot allocate \(byteCount) bytes for a tensor")
    }
    memset(pointer, 0, Swift.max(byteCount, 64))
    owner = nil
    bytes = UnsafeRawBufferPointer(start: pointer, count: byteCount)
    try fill(UnsafeMutableRawBufferPointer(start: pointer, count: byteCount))
  }

  /// If the bytes are a mapped file's, tells the kernel that the pages read so far are no longer needed; the bytes stay valid.
  public func dropPages() { (owner as? MappedFile)?.dropPages() }

  deinit {
    guard owner == nil, let start = bytes.baseAddress else { return }
    free(UnsafeMutableRawPointer(mutating: start))
  }
}
