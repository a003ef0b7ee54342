package import CProtobufC

/// Memory for a tree of protobuf-c structures that is built, packed and then dropped as a whole.
package final class MessageArena {
  private static let blockBytes = 1 << 16
  private static let alignment = 16

  private var blocks: [UnsafeMutableRawPointer] = []
  private var free = 0
  private var next: UnsafeMutableRawPointer?

  package init() {}

  deinit {
    for block in blocks { block.deallocate() }
  }

  /// A message: `initialize` is protobuf-c's init function of its type.
  package func make<Proto>(_ initialize: (UnsafeMutablePointer<Proto>?) -> Void) -> UnsafeMutablePointer<Proto> {
    let pointer = allocate(MemoryLayout<Proto>.size).bindMemory(to: Proto.self, capacity: 1)
    initialize(pointer)
    return pointer
  }

  /// A copy of `text` in UTF-8.
  package func bytes(_ text: String) -> ProtobufCBinaryData {
    var text = text
    return text.withUTF8 { bytes(UnsafeRawBufferPointer($0)) }
  }

  /// A copy of `source`.
  package func bytes(_ source: [UInt8]) -> ProtobufCBinaryData { source.withUnsafeBytes { bytes($0) } }

  /// A copy of `source`; no memory for none, as protobuf-c decodes it.
  package func bytes(_ source: UnsafeRawBufferPointer) -> ProtobufCBinaryData {
    guard let start = source.baseAddress, !source.isEmpty else { return ProtobufCBinaryData(len: 0, data: nil) }
    let pointer = allocate(source.count)
    pointer.copyMemory(from: start, byteCount: source.count)
    return ProtobufCBinaryData(len: source.count, data: pointer.assumingMemoryBound(to: UInt8.self))
  }

  /// A copy of `values`, for a repeated field of plain values.
  package func list<Value: BitwiseCopyable>(_ values: [Value]) -> UnsafeMutablePointer<Value>? {
    guard !values.isEmpty else { return nil }
    let pointer = allocate(values.count * MemoryLayout<Value>.stride)
      .bindMemory(to: Value.self, capacity: values.count)
    pointer.initialize(from: values, count: values.count)
    return pointer
  }

  /// A list of messages, for a repeated field.
  package func list<Proto>(
    _ messages: [UnsafeMutablePointer<Proto>]
  ) -> UnsafeMutablePointer<UnsafeMutablePointer<Proto>?>? {
    guard !messages.isEmpty else { return nil }
    let pointer = allocate(messages.count * MemoryLayout<UnsafeMutablePointer<Proto>?>.stride)
      .bindMemory(to: UnsafeMutablePointer<Proto>?.self, capacity: messages.count)
    for (index, message) in messages.enumerated() { (pointer + index).initialize(to: message) }
    return pointer
  }

  private func allocate(_ count: Int) -> UnsafeMutableRawPointer {
    let rounded = (max(1, count) + Self.alignment - 1) & ~(Self.alignment - 1)
    if let pointer = next, rounded <= free {
      next = pointer + rounded
      free -= rounded
      return pointer
    }
    let size = max(Self.blockBytes, rounded)
    let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: Self.alignment)
    blocks.append(block)
    if size - rounded > free {
      next = block + rounded
      free = size - rounded
    }
    return block
  }
}
