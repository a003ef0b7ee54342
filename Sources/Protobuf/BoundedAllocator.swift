internal import CProtobufC
internal import Foundation

/// Memory for protobuf-c that ends at a budget: beyond it protobuf-c is told there is none, and gives up in order.
final class BoundedAllocator {
  /// Room for the size before each block, which keeps malloc's alignment.
  private static let header = 16

  private var left: Int
  /// Whether a request was refused because of the budget.
  private(set) var wasExhausted = false

  init(budget: Int) {
    left = budget
  }

  /// Calls `body` with protobuf-c's view of this allocator.
  func withC<Result>(_ body: (UnsafeMutablePointer<ProtobufCAllocator>) -> Result) -> Result {
    var allocator = ProtobufCAllocator(
      alloc: { data, size in
        guard let data else { return nil }
        return Unmanaged<BoundedAllocator>.fromOpaque(data).takeUnretainedValue().allocate(size)
      },
      free: { data, pointer in
        guard let data, let pointer else { return }
        Unmanaged<BoundedAllocator>.fromOpaque(data).takeUnretainedValue().release(pointer)
      },
      allocator_data: Unmanaged.passUnretained(self).toOpaque())
    return withExtendedLifetime(self) { body(&allocator) }
  }

  private func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
    guard size >= 0, size <= left - Self.header else {
      wasExhausted = true
      return nil
    }
    guard let block = malloc(size + Self.header) else { return nil }
    left -= size + Self.header
    block.storeBytes(of: size, as: Int.self)
    return block + Self.header
  }

  private func release(_ pointer: UnsafeMutableRawPointer) {
    let block = pointer - Self.header
    left += block.load(as: Int.self) + Self.header
    free(block)
  }
}
