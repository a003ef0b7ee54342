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
    architecture = try type.init(config, style)
    weights = WeightTable(checkpoint, prefixes: type.prefixes)
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
    let names = [
      "encoder.layers.0.linear1", "encoder.layer.0.intermediate.dense", "encoder.layer.0.ffn",
      "transformer.layer.0.ffn.lin1", "encoder.albert_layer_groups.0.albert_layers.0.ffn",
    ]
    for name in names {
      if let shape = weights.shape(name + ".weight"), shape.count == 2, shape[0] != shape[1] {
        return shape[0] == architecture.hidden
      }
    }
    return style == .paddle
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
