internal import CProtobufC
import LatheDiagnostics

/// Why protobuf-c gave no message.
package enum UnpackFailure: Error {
  case malformed, overBudget
}

/// A message that protobuf-c decoded within a budget of memory; owns the C structures.
///
/// protobuf-c recurses: whoever calls it has bounded the nesting.
package final class UnpackedMessage<Message> {
  /// Valid while this object lives.
  package let message: UnsafeMutablePointer<Message>
  private let allocator: BoundedAllocator

  /// Decodes a message of the type that `initialize`, its init function, belongs to.
  package init(
    _ bytes: UnsafeRawBufferPointer, budget: Int, _ initialize: (UnsafeMutablePointer<Message>?) -> Void
  ) throws(UnpackFailure) {
    let allocator = BoundedAllocator(budget: budget)
    let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    let unpacked = allocator.withC {
      protobuf_c_message_unpack(messageDescriptor(initialize), $0, bytes.count, start)
    }
    guard let unpacked else { throw allocator.wasExhausted ? .overBudget : .malformed }
    message = UnsafeMutableRawPointer(unpacked).assumingMemoryBound(to: Message.self)
    self.allocator = allocator
  }

  deinit {
    allocator.withC { allocator in
      protobuf_c_message_free_unpacked(
        UnsafeMutableRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self), allocator)
    }
  }
}

extension ResourceLimits {
  /// Bytes of structure that may be decoded from a file or section of `count` bytes.
  package func decodedBytes(from count: Int) -> Int {
    let fixed = 32 << 20
    let (product, overflow) = count.multipliedReportingOverflow(by: max(0, decodedBytesPerByte))
    return overflow || product > Int.max - fixed ? Int.max : product + fixed
  }
}
