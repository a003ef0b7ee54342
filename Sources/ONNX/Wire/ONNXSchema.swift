internal import COnnx
import LatheProtobuf

extension WireSchema {
  /// The messages of ONNX, from ModelProto down.
  static let onnx = WireSchema(root: messageDescriptor(lathe__onnx__model_proto__init), special: special)

  /// The messages of values that are no tensors: sequences and optionals, and all they hold.
  static let data = WireSchema(root: messageDescriptor(lathe__onnx__optional_proto__init), special: special)

  private static let special = Special(
    level: "GraphProto", holder: "TensorProto", payload: Set(TensorPayload.Field.allCases.map(\.rawValue)),
    start: 50_000_000, count: 50_000_001, firstPrivate: 50_000_000)
}
