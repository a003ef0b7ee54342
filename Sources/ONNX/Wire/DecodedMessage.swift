internal import COnnx
internal import CProtobufC
import LatheDiagnostics

/// A message of ONNX decoded by protobuf-c from bytes that `WireScan` has checked; owns the C structures.
///
/// Tensors in it have no data fields: `payloads` finds their elements in the file's own bytes.
final class DecodedMessage<Proto> {
  /// The decoded message; valid while this object lives.
  let message: UnsafeMutablePointer<Proto>
  let payloads: PayloadTable
  /// What was left out.
  let warnings: [Diagnostic]
  private let allocator: BoundedAllocator
  private let root: Int
  private let schema: WireSchema

  /// Decodes a message of the type in `schema` that `initialize`, its init function, belongs to.
  ///
  /// `bytes` must stay valid while `owner` lives. Throws what is wrong and where.
  init(
    _ bytes: UnsafeRawBufferPointer, owner: AnyObject?, _ initialize: (UnsafeMutablePointer<Proto>?) -> Void,
    schema: WireSchema = .onnx, limits: ResourceLimits
  ) throws(Diagnostic) {
    let descriptor = messageDescriptor(initialize)
    guard let root = schema.index(of: descriptor) else {
      throw Diagnostic("onnx/schema", .internalFault, "the schema lacks the message to decode")
    }
    let scan = try WireScan.run(bytes, as: root, schema: schema, limits: limits)
    let allocator = BoundedAllocator(budget: scan.budget)
    let unpacked = scan.skeleton.withUnsafeBufferPointer { skeleton in
      allocator.withC { protobuf_c_message_unpack(descriptor, $0, skeleton.count, skeleton.baseAddress) }
    }
    guard let unpacked else {
      guard allocator.wasExhausted else {
        throw Diagnostic("onnx/unpack", .internalFault, "protobuf-c refused a message that was checked")
      }
      throw limits.exceeded("decoded-bytes-per-byte", "the file takes more than \(scan.budget) bytes of memory")
    }
    message = UnsafeMutableRawPointer(unpacked).assumingMemoryBound(to: Proto.self)
    payloads = PayloadTable(bytes: bytes, owner: owner, pieces: scan.pieces)
    warnings = scan.unknownFieldWarnings()
    self.allocator = allocator
    self.root = root
    self.schema = schema
  }

  deinit {
    allocator.withC { allocator in
      protobuf_c_message_free_unpacked(
        UnsafeMutableRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self), allocator)
    }
  }

  /// A writer of the message as it is now, with the data of its tensors in the encoding they had.
  func writer() throws(Diagnostic) -> SkeletonWriter {
    let skeleton = packMessage(message)
    return try SkeletonWriter(skeleton, as: root, schema: schema, payloads: payloads.sources())
  }
}

/// The wire format of a message built of C structures.
func packMessage<Proto>(_ message: UnsafePointer<Proto>) -> [UInt8] {
  let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
  let size = protobuf_c_message_get_packed_size(base)
  return [UInt8](unsafeUninitializedCapacity: max(1, size)) { buffer, count in
    guard let target = buffer.baseAddress else { return }
    count = protobuf_c_message_pack(base, target)
  }
}
