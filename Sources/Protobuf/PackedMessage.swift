internal import CProtobufC

/// The wire format of a message built of C structures.
package func packMessage<Proto>(_ message: UnsafePointer<Proto>) -> [UInt8] {
  let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
  let size = protobuf_c_message_get_packed_size(base)
  return [UInt8](unsafeUninitializedCapacity: max(1, size)) { buffer, count in
    guard let target = buffer.baseAddress else { return }
    count = protobuf_c_message_pack(base, target)
  }
}
