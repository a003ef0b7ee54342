import LatheDiagnostics
import LatheIR
import LatheWeightDumps

/// A small classifier of texts over one table of words, as PaddleNLP's course builds them.
protocol TextClassifier: Sendable {
  /// - Throws: `architecture/config` for a configuration that makes no such model.
  init(_ config: ModelConfiguration) throws(Diagnostic)

  /// Adds what comes between the looked-up words and the last layer; returns its value and extent.
  func encode(_ words: ValueID, in assembly: inout GraphAssembly) throws(Diagnostic) -> (ValueID, extent: Int)
}

/// Makes the model of a text classifier's checkpoint.
struct ClassifierModel {
  let classifier: any TextClassifier
  let checkpoint: Checkpoint
  let config: ModelConfiguration

  init(_ type: any TextClassifier.Type, _ checkpoint: Checkpoint, _ config: ModelConfiguration) throws(Diagnostic) {
    classifier = try type.init(config)
    self.checkpoint = checkpoint
    self.config = config
  }

  func build() throws(Diagnostic) -> ArchitectureCatalog.Result {
    let style = NamingStyle(checkpoint.tensors)
    let weights = WeightTable(checkpoint, prefixes: [], inside: ["embedder.", "encoder.", "lstm_encoder."])
    let count = try config.integer("vocab_size")
    let width = try config.integer("emb_dim")
    let wide = try config.integer("fc_hidden_size")
    let isPyTorch =
      weights.shape("output_layer.weight").map { $0.count == 2 && $0[0] != $0[1] && $0[1] == wide } ?? false
    var assembly = GraphAssembly(
      weights, storesInputsFirst: !isPyTorch && style == .paddle, name: checkpoint.architecture)
    // The course's tables give padding no row of its own: it is looked up as zeros.
    let padding = try config.integer("pad_token_id", "padding_idx", in: 0...count - 1, default: 0)
    let words = try assembly.rows(
      try assembly.tokens("input_ids"), "embedder", count: count, width, silent: style == .paddle ? padding : nil)
    let (encoded, extent) = try classifier.encode(words, in: &assembly)
    let last = assembly.weights.has("fc2.weight") ? "fc2" : "fc"
    let dense = try assembly.linear(encoded, last, from: extent, to: wide)
    let active = try assembly.activation(dense, .tanh, last + ".activation")
    try assembly.output(try assembly.linear(active, "output_layer", from: wide, to: try config.classCount()), "logits")
    var model = Model(graph: try assembly.finished())
    let labels = try config.labels()
    if !labels.isEmpty { model.text = TextAssets(labels: labels) }
    return ArchitectureCatalog.Result(
      model: model, warnings: EncoderModel.remarks(assembly.weights.leftOver, .sequenceClassification),
      maximumLength: nil,
      vocabularySize: count)
  }
}
