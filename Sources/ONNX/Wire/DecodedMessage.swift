internal import COnnx
import LatheDiagnostics
import LatheProtobuf

/// A message of ONNX decoded by protobuf-c from bytes that `WireScan` has checked; owns the C structures.
///
/// Tensors in it have no data fields: `payloads` finds their elements in the file's own bytes.
final class DecodedMessage<Proto> {
  /// The decoded message; valid while this object lives.
  var message: UnsafeMutablePointer<Proto> { unpacked.message }
  let payloads: PayloadTable
  /// What was left out.
  let warnings: [Diagnostic]
  private let unpacked: UnpackedMessage<Proto>
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
    do throws(UnpackFailure) {
      unpacked = try scan.skeleton.withUnsafeBufferPointer { skeleton throws(UnpackFailure) in
        try UnpackedMessage(UnsafeRawBufferPointer(skeleton), budget: scan.budget, initialize)
      }
    } catch {
      switch error {
      case .malformed: throw Diagnostic("onnx/unpack", .internalFault, "protobuf-c refused a message that was checked")
      case .overBudget:
        throw limits.exceeded("decoded-bytes-per-byte", "the file takes more than \(scan.budget) bytes of memory")
      }
    }
    payloads = PayloadTable(bytes: bytes, owner: owner, pieces: scan.pieces)
    warnings = scan.unknownFieldWarnings()
    self.root = root
    self.schema = schema
  }

  /// A writer of the message as it is now, with the data of its tensors in the encoding they had.
  func writer() throws(Diagnostic) -> SkeletonWriter {
    let skeleton = packMessage(message)
    return try SkeletonWriter(skeleton, as: root, schema: schema, payloads: payloads.sources())
  }
}
