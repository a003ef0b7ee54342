internal import CLatheProto
import LatheDiagnostics

/// A message that protobuf-c decoded from a section, within a budget of memory.
///
/// The messages of lathe.proto do not contain themselves, so protobuf-c's recursion is bounded by the schema.
final class UnpackedMessage<Message> {
  typealias Unpack = (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?) -> UnsafeMutablePointer<
    Message
  >?

  /// Valid while this object lives.
  let message: UnsafeMutablePointer<Message>
  private let allocator: BoundedAllocator

  /// Decodes `bytes` with protobuf-c's function for the message's type.
  ///
  /// - Throws: `lathe/protobuf` if they are no such message, `limit/decoded-bytes-per-byte`.
  init(_ bytes: UnsafeRawBufferPointer, at offset: Int, limits: ResourceLimits, unpack: Unpack) throws(Diagnostic) {
    let (scaled, overflow) = bytes.count.multipliedReportingOverflow(by: Swift.max(0, limits.decodedBytesPerByte))
    let allocator = BoundedAllocator(bytes: overflow || scaled > Int.max - (32 << 20) ? Int.max : scaled + (32 << 20))
    let unpacked = allocator.withAllocator {
      unpack($0, bytes.count, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    guard let unpacked else {
      guard allocator.isExhausted else {
        throw .badCompactFile("protobuf", "the section is not a message of lathe.proto", at: offset)
      }
      throw limits.exceeded(
        "decoded-bytes-per-byte", "the \(bytes.count) bytes of the section take too much memory",
        at: Location(byteOffset: offset))
    }
    message = unpacked
    self.allocator = allocator
  }

  deinit {
    allocator.withAllocator {
      protobuf_c_message_free_unpacked(
        UnsafeMutableRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self), $0)
    }
  }
}
