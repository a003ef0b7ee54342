import LatheDiagnostics
import LatheIR
import LatheWeightDumps

/// Makes the model of an encoder's checkpoint.
struct EncoderModel {
  let architecture: any EncoderArchitecture
  let checkpoint: Checkpoint
  let config: ModelConfiguration
  let style: NamingStyle
  private let weights: WeightTable

  init(
    _ type: any EncoderArchitecture.Type, _ checkpoint: Checkpoint, _ config: ModelConfiguration
  ) throws(Diagnostic) {
    self.checkpoint = checkpoint
    self.config = config
    style = NamingStyle(checkpoint.tensors)
    try Self.refuseOtherAttention(config)
    architecture = try type.init(config, style)
    guard architecture.maximumLength > 0 else {
      throw .invalid(
        "architecture/config",
        "max_position_embeddings is \(architecture.embeddings.places), which leaves no position for a token")
    }
    weights = WeightTable(
      checkpoint, prefixes: type.prefixes, inside: ["embeddings.", "embeddings_project.", "encoder.", "transformer."])
  }

  /// - Throws: `architecture/config` for keys by which the libraries' classes attend otherwise than is built here.
  private static func refuseOtherAttention(_ config: ModelConfiguration) throws(Diagnostic) {
    for key in ["is_decoder", "add_cross_attention"] {
      guard try config.truth(key, default: false) else { continue }
      throw .invalid(
        "architecture/config", "\(key) is true, but decoders, whose tokens see only those before them, are not made here",
        fix: "export the model to ONNX with its own library, and convert that")
    }
    let positions = try config.text("position_embedding_type", default: "absolute")
    guard positions == "absolute" else {
      throw .invalid(
        "architecture/config",
        "position_embedding_type is \(positions.prefix(40).debugDescription), but only \"absolute\" is known",
        fix: "export the model to ONNX with its own library, and convert that")
    }
  }

  func build(_ head: Head) throws(Diagnostic) -> ArchitectureCatalog.Result {
    let name = checkpoint.architecture.isEmpty ? try config.text("model_type", default: "") : checkpoint.architecture
    var assembly = GraphAssembly(weights, storesInputsFirst: storesInputsFirst, name: name)
    let sequence = try architecture.encode(in: &assembly)
    try HeadAssembly(architecture: architecture, config: config, style: style).build(head, on: sequence, in: &assembly)
    var model = Model(graph: try assembly.finished())
    model.metadata.producerName = style == .paddle ? "paddle" : "huggingface"
    if head == .sequenceClassification || head == .tokenClassification {
      let labels = try config.labels()
      if !labels.isEmpty { model.text = TextAssets(labels: labels) }
    }
    return ArchitectureCatalog.Result(
      model: model, warnings: Self.remarks(assembly.weights.leftOver, head), maximumLength: architecture.maximumLength,
      vocabularySize: architecture.vocabulary)
  }

  /// The layout that a matrix which is not square shows; where there is none, that of whoever named the tensors.
  private var storesInputsFirst: Bool {
    let shape = weights.shape(architecture.layerNames(0).intermediate + ".weight")
    guard let shape, shape.count == 2, shape[0] != shape[1] else { return style == .paddle }
    return shape[0] == architecture.hidden
  }

  static func remarks(_ leftOver: [String], _ head: Head) -> [Diagnostic] {
    guard !leftOver.isEmpty else { return [] }
    return [
      .warning(
        "architecture/left-over", "\(leftOver.count) tensors are not used by this model with the head \(head.rawValue)",
        notes: WeightTable.lines("", leftOver))
    ]
  }
}
