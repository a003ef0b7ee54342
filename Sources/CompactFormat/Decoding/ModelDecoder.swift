internal import CLatheProto
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import LatheTensors
import OrderedCollections

/// Rebuilds a model from the messages of lathe.proto.
struct ModelDecoder {
  let reader: MessageReader
  let limits: ResourceLimits
  let catalog: OperatorCatalog
  var types: [ValueType] = []
  var tensors: [Tensor] = []
  var sparseTensors: [SparseTensor] = []
  /// Graphs that were decoded and still wait for the attribute that holds them, with their depth; by number.
  var graphs: [(graph: Graph, depth: Int)?] = []

  init(_ reader: MessageReader, limits: ResourceLimits, catalog: OperatorCatalog) {
    self.reader = reader
    self.limits = limits
    self.catalog = catalog
  }

  /// The graph and the metadata; `weights` makes the weights section from the tensors' messages.
  mutating func decode(
    _ model: Proto.Model, weights: ([Proto.Tensor]) throws(Diagnostic) -> WeightsSection
  ) throws(Diagnostic) -> Model {
    try reader.checkFields(model.base)
    let messages = reader.list(model.n_tensors, model.tensors).map(\.pointee)
    try decodeTables(model, messages, try weights(messages))
    let graph = try decodeGraphs(reader.list(model.n_graphs, model.graphs))
    guard let metadata = model.metadata else { throw reader.fault("metadata", "the model has no metadata") }
    return Model(graph: graph, metadata: try decode(metadata.pointee))
  }

  private mutating func decodeTables(
    _ model: Proto.Model, _ messages: [Proto.Tensor], _ weights: WeightsSection
  ) throws(Diagnostic) {
    var dimensionDecoder = DimensionDecoder(reader)
    for message in reader.list(model.n_dimensions, model.dimensions) { try dimensionDecoder.append(message.pointee) }
    var typeDecoder = TypeDecoder(reader, dimensionDecoder.dimensions, limits)
    for message in reader.list(model.n_types, model.types) { try typeDecoder.append(message.pointee) }
    types = typeDecoder.types
    var tensorDecoder = TensorDecoder(reader, typeDecoder, weights, limits)
    for message in messages { try tensorDecoder.append(message) }
    tensors = tensorDecoder.tensors
    for message in reader.list(model.n_sparse_tensors, model.sparse_tensors).map(\.pointee) {
      try reader.checkFields(message.base)
      let shape = try reader.shape(message.n_shape, message.shape)
      _ = try Tensor.elementCount(of: shape)
      sparseTensors.append(
        SparseTensor(
          values: try reader.require(message.values, in: tensors, "tensor"),
          indices: try reader.require(message.indices, in: tensors, "tensor"), shape: shape))
    }
  }

  /// Decodes the graphs from the last to the first, so that those a graph holds are there before it.
  private mutating func decodeGraphs(_ messages: [UnsafeMutablePointer<Proto.Graph>]) throws(Diagnostic) -> Graph {
    var nodeCount = 0
    for message in messages { nodeCount += message.pointee.n_nodes }
    guard nodeCount <= limits.expandedNodes else {
      throw limits.exceeded(
        "expanded-nodes", "the model has \(nodeCount) nodes", at: Location(byteOffset: reader.offset))
    }
    graphs = Array(repeating: nil, count: messages.count)
    for number in messages.indices.reversed() {
      var depth = 1
      let graph = try decode(messages[number].pointee, &depth)
      guard depth <= limits.nestingDepth else {
        throw limits.exceeded(
          "nesting-depth", "graphs are nested \(depth) deep", at: Location(byteOffset: reader.offset))
      }
      graphs[number] = (graph, depth)
    }
    guard let main = graphs.first.flatMap({ $0 })?.graph else { throw reader.fault("graph", "the model has no graph") }
    guard main.captures.isEmpty else { throw reader.fault("graph", "the main graph captures values") }
    if let lost = graphs.dropFirst().firstIndex(where: { $0 != nil }) {
      throw reader.fault("graph", "no attribute holds graph \(lost)")
    }
    return main
  }

  private func decode(_ message: Proto.Metadata) throws(Diagnostic) -> ModelMetadata {
    try reader.checkFields(message.base)
    var metadata = ModelMetadata()
    metadata.producerName = try reader.text(message.producer_name)
    metadata.producerVersion = try reader.text(message.producer_version)
    metadata.domain = try reader.text(message.domain)
    metadata.modelVersion = Int(message.model_version)
    metadata.annotations = try annotations(message.annotations)
    if message.source_case == LATHE__COMPACT__METADATA__SOURCE_IR_VERSION {
      metadata.irVersion = Int(message.ir_version)
    }
    for set in reader.list(message.n_operator_sets, message.operator_sets).map(\.pointee) {
      try reader.checkFields(set.base)
      let domain = try reader.text(set.domain)
      guard metadata.operatorSets.updateValue(Int(set.version), forKey: domain) == nil else {
        throw reader.fault("duplicate", "the operator set \(domain) occurs twice")
      }
    }
    return metadata
  }

  func annotations(_ message: UnsafeMutablePointer<Proto.Annotations>?) throws(Diagnostic) -> Annotations {
    guard let message = message?.pointee else { return Annotations() }
    try reader.checkFields(message.base)
    return Annotations(
      documentation: try reader.text(message.documentation),
      metadata: try reader.entries(message.n_metadata, message.metadata))
  }

  /// The text assets of a text section.
  static func decode(_ message: Proto.Text, _ reader: MessageReader) throws(Diagnostic) -> TextAssets {
    try reader.checkFields(message.base)
    return TextAssets(
      vocabulary: Array(message.vocabulary.buffer),
      tokenizerOptions: try reader.entries(message.n_tokenizer_options, message.tokenizer_options),
      labels: try reader.texts(message.n_labels, message.labels))
  }
}
