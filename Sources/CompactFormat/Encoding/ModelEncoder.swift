internal import CLatheProto
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import LatheTensors
import OrderedCollections

/// Turns a model into the messages of lathe.proto.
struct ModelEncoder {
  let arena: MessageArena
  var tensors: TensorTable
  var types: TypeTable
  /// Graphs that have numbers already and are not encoded yet, in order.
  var waiting: [Graph] = []
  var graphCount = 0
  var sparseTensors: [UnsafeMutablePointer<Proto.SparseTensor>] = []

  init() {
    arena = MessageArena()
    tensors = TensorTable(arena)
    types = TypeTable(arena)
  }

  /// The bytes of the graph section; afterwards `tensors` says what the weights section holds.
  mutating func encode(_ model: Model) throws(Diagnostic) -> [UInt8] {
    (waiting, graphCount) = ([model.graph], 1)
    var encoded: [UnsafeMutablePointer<Proto.Graph>] = []
    while !waiting.isEmpty {
      let batch = waiting
      waiting = []
      for graph in batch { encoded.append(try encode(graph)) }
    }

    let message = arena.make(lathe__compact__model__init)
    message.pointee.n_graphs = encoded.count
    message.pointee.graphs = arena.list(encoded)
    message.pointee.n_tensors = tensors.messages.count
    message.pointee.tensors = arena.list(tensors.messages)
    message.pointee.n_sparse_tensors = sparseTensors.count
    message.pointee.sparse_tensors = arena.list(sparseTensors)
    message.pointee.n_types = types.messages.count
    message.pointee.types = arena.list(types.messages)
    message.pointee.n_dimensions = types.dimensions.messages.count
    message.pointee.dimensions = arena.list(types.dimensions.messages)
    message.pointee.metadata = metadata(model.metadata)
    let bytes = packMessage(message)
    guard bytes.count <= Int(Int32.max) else {
      throw .invalid(
        "lathe/size",
        "the graph without its weights takes \(bytes.count) bytes, more than the 2 GiB that protobuf allows")
    }
    return bytes
  }

  private func metadata(_ metadata: ModelMetadata) -> UnsafeMutablePointer<Proto.Metadata> {
    let message = arena.make(lathe__compact__metadata__init)
    message.pointee.producer_name = arena.bytes(metadata.producerName)
    message.pointee.producer_version = arena.bytes(metadata.producerVersion)
    message.pointee.domain = arena.bytes(metadata.domain)
    message.pointee.model_version = Int64(metadata.modelVersion)
    if let version = metadata.irVersion {
      message.pointee.source_case = LATHE__COMPACT__METADATA__SOURCE_IR_VERSION
      message.pointee.ir_version = Int64(version)
    }
    let sets = metadata.operatorSets.map { domain, version in
      let set = arena.make(lathe__compact__operator_set__init)
      set.pointee.domain = arena.bytes(domain)
      set.pointee.version = Int64(version)
      return set
    }
    message.pointee.n_operator_sets = sets.count
    message.pointee.operator_sets = arena.list(sets)
    message.pointee.annotations = annotations(metadata.annotations)
    return message
  }

  func annotations(_ annotations: Annotations) -> UnsafeMutablePointer<Proto.Annotations>? {
    guard !annotations.isEmpty else { return nil }
    let message = arena.make(lathe__compact__annotations__init)
    message.pointee.documentation = arena.bytes(annotations.documentation)
    message.pointee.n_metadata = annotations.metadata.count
    message.pointee.metadata = arena.list(entries(annotations.metadata))
    return message
  }

  private func entries(_ dictionary: OrderedDictionary<String, String>) -> [UnsafeMutablePointer<Proto.Entry>] {
    dictionary.map { key, value in
      let entry = arena.make(lathe__compact__entry__init)
      entry.pointee.key = arena.bytes(key)
      entry.pointee.value = arena.bytes(value)
      return entry
    }
  }

  /// The bytes of the text section.
  func encode(_ text: TextAssets) -> [UInt8] {
    let message = arena.make(lathe__compact__text__init)
    message.pointee.vocabulary = arena.bytes(text.vocabulary)
    message.pointee.n_tokenizer_options = text.tokenizerOptions.count
    message.pointee.tokenizer_options = arena.list(entries(text.tokenizerOptions))
    message.pointee.n_labels = text.labels.count
    message.pointee.labels = arena.list(text.labels.map { arena.bytes($0) })
    return packMessage(message)
  }
}
