internal import Foundation
import LatheDiagnostics
import LatheFiles

/// Immutable bytes that tensors share: allocated here, or owned by something else such as a mapped file.
public final class TensorStorage: @unchecked Sendable {
  /// Who gives the memory back.
  private enum Owner {
    case other(AnyObject)
    case heap
    /// Pages of their own, which go back to the system at once: a heap keeps what passes leave behind.
    case pages(Int)
  }

  /// Blocks from this size on are pages of their own.
  private static let leastPages = 1 << 20

  /// The bytes; aligned to 64 when allocated here.
  public let bytes: UnsafeRawBufferPointer
  private let owner: Owner

  /// Wraps `bytes` that live as long as `owner`; nothing is copied.
  public init(bytes: UnsafeRawBufferPointer, owner: AnyObject) {
    self.bytes = bytes
    self.owner = .other(owner)
  }

  /// Allocates `byteCount` zeroed bytes and lets `fill` write them before they become immutable.
  ///
  /// - Throws: `tensor/out-of-memory` if the system has not that much memory, and what `fill` throws.
  public init(
    byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    let isLarge = byteCount >= Self.leastPages
    guard let pointer = isLarge ? Self.pages(byteCount) : Self.block(byteCount) else {
      throw Diagnostic.invalid("tensor/out-of-memory", "cannot allocate \(byteCount) bytes for a tensor")
    }
    owner = isLarge ? .pages(byteCount) : .heap
    bytes = UnsafeRawBufferPointer(start: pointer, count: byteCount)
    try fill(UnsafeMutableRawBufferPointer(start: pointer, count: byteCount))
  }

  private static func pages(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    return start == MAP_FAILED ? nil : start
  }

  private static func block(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    var pointer: UnsafeMutableRawPointer?
    guard posix_memalign(&pointer, 64, Swift.max(byteCount, 64)) == 0, let pointer else { return nil }
    memset(pointer, 0, Swift.max(byteCount, 64))
    return pointer
  }

  /// If the bytes are a mapped file's, tells the kernel that the pages read so far are no longer needed; the bytes stay valid.
  public func dropPages() {
    guard case .other(let owner) = owner else { return }
    (owner as? MappedFile)?.dropPages()
  }

  deinit {
    guard let start = bytes.baseAddress else { return }
    let memory = UnsafeMutableRawPointer(mutating: start)
    switch owner {
    case .other: break
    case .heap: free(memory)
    case .pages(let count): munmap(memory, count)
    }
  }
}
