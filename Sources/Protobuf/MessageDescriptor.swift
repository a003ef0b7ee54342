package import CProtobufC

/// The descriptor of a message type, which its init function puts into every message.
package func messageDescriptor<Proto>(
  _ initialize: (UnsafeMutablePointer<Proto>?) -> Void
) -> UnsafePointer<ProtobufCMessageDescriptor> {
  let message = UnsafeMutablePointer<Proto>.allocate(capacity: 1)
  defer { message.deallocate() }
  initialize(message)
  return UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self).pointee.descriptor
}
