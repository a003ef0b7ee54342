internal import COnnx
import LatheProtobuf

extension WireSchema {
  /// The messages of ONNX, from ModelProto down.
  static let onnx = WireSchema(
    root: messageDescriptor(lathe__onnx__model_proto__init),
    special: Special(
      level: "GraphProto", holder: "TensorProto", payload: Set(TensorPayload.Field.allCases.map(\.rawValue)),
      start: 50_000_000, count: 50_000_001, firstPrivate: 50_000_000))
}
