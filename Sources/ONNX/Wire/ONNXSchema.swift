internal import COnnx
internal import CProtobufC

extension WireSchema {
  /// The messages of ONNX, from ModelProto down.
  static let onnx = WireSchema(root: messageDescriptor(lathe__onnx__model_proto__init), special: special)

  /// The messages of values that are no tensors: sequences and optionals, and all they hold.
  static let data = WireSchema(root: messageDescriptor(lathe__onnx__optional_proto__init), special: special)

  private static let special = Special(
    level: "GraphProto", holder: "TensorProto", payload: Set(TensorPayload.Field.allCases.map(\.rawValue)),
    start: 50_000_000, count: 50_000_001, firstPrivate: 50_000_000)
}

/// The descriptor of a message type, which its init function puts into every message.
func messageDescriptor<Proto>(
  _ initialize: (UnsafeMutablePointer<Proto>?) -> Void
) -> UnsafePointer<ProtobufCMessageDescriptor> {
  let message = UnsafeMutablePointer<Proto>.allocate(capacity: 1)
  defer { message.deallocate() }
  initialize(message)
  return UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self).pointee.descriptor
}
