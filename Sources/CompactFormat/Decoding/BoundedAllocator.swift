internal import CLatheProto
internal import Foundation

/// Memory for protobuf-c that ends at a budget: beyond it protobuf-c is told that there is none, and gives up in order.
final class BoundedAllocator {
  /// Bytes before each block that hold its size.
  private static let prefix = 16

  private var left: Int
  /// Whether a request went beyond the budget.
  private(set) var isExhausted = false

  init(bytes: Int) { left = bytes }

  /// Calls `body` with protobuf-c's form of this allocator.
  func withAllocator<R>(_ body: (UnsafeMutablePointer<ProtobufCAllocator>) -> R) -> R {
    var allocator = ProtobufCAllocator(
      alloc: { data, size in
        guard let data else { return nil }
        return Unmanaged<BoundedAllocator>.fromOpaque(data).takeUnretainedValue().allocate(size)
      },
      free: { data, block in
        guard let data, let block else { return }
        Unmanaged<BoundedAllocator>.fromOpaque(data).takeUnretainedValue().release(block)
      },
      allocator_data: Unmanaged.passUnretained(self).toOpaque())
    return withExtendedLifetime(self) { body(&allocator) }
  }

  private func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
    guard size >= 0, size <= left - Self.prefix else {
      isExhausted = true
      return nil
    }
    guard let block = malloc(size + Self.prefix) else { return nil }
    left -= size + Self.prefix
    block.storeBytes(of: size, as: Int.self)
    return block + Self.prefix
  }

  private func release(_ pointer: UnsafeMutableRawPointer) {
    let block = pointer - Self.prefix
    left += block.load(as: Int.self) + Self.prefix
    free(block)
  }
}
