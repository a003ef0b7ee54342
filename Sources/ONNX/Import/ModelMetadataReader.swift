internal import COnnx
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import OrderedCollections

/// Reads what a model says about itself.
enum ModelMetadataReader {
  /// - Throws: `onnx/ir-version` and `onnx/opset` for versions that Lathe does not read.
  static func read(_ proto: Lathe__Onnx__ModelProto) throws(Diagnostic) -> ModelMetadata {
    var metadata = ModelMetadata()
    metadata.irVersion = try irVersion(proto.ir_version)
    metadata.producerName = proto.producer_name.repairedText
    metadata.producerVersion = proto.producer_version.repairedText
    metadata.domain = proto.domain.repairedText
    metadata.modelVersion = Int(proto.model_version)
    for (domain, version) in try OperatorSets.read(MessageList(proto.opset_import, proto.n_opset_import)) {
      metadata.operatorSets[domain] = version
    }
    return metadata
  }

  private static func irVersion(_ version: Int64) throws(Diagnostic) -> Int {
    let supported = ONNXVersions.ir
    let range = "\(supported.lowerBound) to \(supported.upperBound)"
    guard version <= Int64(supported.upperBound) else {
      throw .invalid(
        "onnx/ir-version", "the model has IR version \(version), which is newer than this Lathe; it reads \(range)",
        fix: "export the model with an older onnx, or use a newer Lathe")
    }
    guard version >= Int64(supported.lowerBound) else {
      throw .invalid(
        "onnx/ir-version", "the model has IR version \(version); Lathe reads \(range)", fix: "export the model again")
    }
    return Int(version)
  }
}
