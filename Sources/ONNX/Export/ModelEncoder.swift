internal import COnnx
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import LatheTensors
import OrderedCollections

/// Makes the messages of one model: builds them in an arena, and collects what is written from elsewhere.
final class ModelEncoder {
  let opset: Int
  let declaresEveryType: Bool
  let arena = MessageArena()
  /// Elements of tensors, which the skeleton refers to.
  var payloads: [PayloadSource] = []
  var external: ExternalData?
  var demand: IRVersionDemand
  /// Versions of the operator sets of other domains that nodes are of.
  var domains: [String: Int] = [:]

  init(opset: Int, external: ExternalData?, declaresEveryType: Bool) {
    self.opset = opset
    self.external = external
    self.declaresEveryType = declaresEveryType
    demand = IRVersionDemand(opset: opset)
  }

  /// The wire format of the model without its tensors' elements.
  func skeleton(_ model: Model, producerVersion: String) throws(Diagnostic) -> [UInt8] {
    let proto = arena.make(lathe__onnx__model_proto__init)
    proto.pointee.graph = try mainGraph(model.graph)
    let metadata = model.metadata
    (proto.pointee.has_ir_version, proto.pointee.ir_version) = (1, Int64(demand.version))
    (proto.pointee.has_producer_name, proto.pointee.producer_name) = text(ExportedMetadata.producer)
    (proto.pointee.has_producer_version, proto.pointee.producer_version) = text(producerVersion)
    (proto.pointee.has_domain, proto.pointee.domain) = text(metadata.domain)
    if metadata.modelVersion != 0 {
      (proto.pointee.has_model_version, proto.pointee.model_version) = (1, Int64(metadata.modelVersion))
    }
    (proto.pointee.has_doc_string, proto.pointee.doc_string) = text(metadata.annotations.documentation)
    let sets = [("", opset)] + domains.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    proto.pointee.n_opset_import = sets.count
    proto.pointee.opset_import = arena.list(sets.map(operatorSet))
    let entries = ExportedMetadata.entries(of: model).map { entry($0.key, $0.value) }
    (proto.pointee.n_metadata_props, proto.pointee.metadata_props) = (entries.count, arena.list(entries))
    return packMessage(proto)
  }

  private func operatorSet(_ domain: String, _ version: Int) -> UnsafeMutablePointer<Lathe__Onnx__OperatorSetIdProto> {
    let proto = arena.make(lathe__onnx__operator_set_id_proto__init)
    (proto.pointee.has_domain, proto.pointee.domain) = (1, arena.bytes(domain))
    (proto.pointee.has_version, proto.pointee.version) = (1, Int64(version))
    return proto
  }
}

extension ModelEncoder {
  /// A text field: absent if it is empty.
  func text(_ text: String) -> (protobuf_c_boolean, ProtobufCBinaryData) {
    text.isEmpty ? (0, ProtobufCBinaryData()) : (1, arena.bytes(text))
  }

  func entry(_ key: String, _ value: String) -> UnsafeMutablePointer<Lathe__Onnx__StringStringEntryProto> {
    let proto = arena.make(lathe__onnx__string_string_entry_proto__init)
    (proto.pointee.has_key, proto.pointee.key) = (1, arena.bytes(key))
    (proto.pointee.has_value, proto.pointee.value) = (1, arena.bytes(value))
    return proto
  }

  /// The metadata of a part of the model.
  func metadata(
    _ annotations: Annotations
  ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<Lathe__Onnx__StringStringEntryProto>?>?) {
    guard !annotations.metadata.isEmpty else { return (0, nil) }
    demand.needMetadata()
    let entries = annotations.metadata.map { entry($0.key, $0.value) }
    return (entries.count, arena.list(entries))
  }
}
