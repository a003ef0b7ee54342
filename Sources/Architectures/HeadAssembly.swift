import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// Puts a head on an encoder, with the outputs that the library's class has.
struct HeadAssembly {
  let architecture: any EncoderArchitecture
  let config: ModelConfiguration
  let style: NamingStyle

  private var hidden: Int { architecture.hidden }

  func build(_ head: Head, on sequence: ValueID, in a: inout GraphAssembly) throws(Diagnostic) {
    switch head {
    case .none: try a.output(sequence, "last_hidden_state")
    case .pooled:
      try a.output(sequence, "last_hidden_state")
      try a.output(try pooled(sequence, in: &a), "pooler_output")
    case .sequenceClassification: try a.output(try classes(sequence, in: &a), "logits")
    case .tokenClassification:
      try a.output(try a.linear(sequence, "classifier", from: hidden, to: try config.classCount()), "logits")
    case .questionAnswering: try spans(sequence, in: &a)
    case .maskedLanguageModel: try a.output(try words(sequence, in: &a), "logits")
    case .intentAndSlots: try intentAndSlots(sequence, in: &a)
    }
  }

  private func pooled(_ sequence: ValueID, in a: inout GraphAssembly) throws(Diagnostic) -> ValueID {
    let dense = try a.linear(try a.firstToken(sequence), architecture.pooler, from: hidden, to: hidden)
    return architecture.poolsWithTanh ? try a.activation(dense, .tanh, architecture.pooler + ".activation") : dense
  }

  private func classes(_ sequence: ValueID, in a: inout GraphAssembly) throws(Diagnostic) -> ValueID {
    let count = try config.classCount()
    if a.weights.has("classifier.out_proj.weight") {
      let dense = try a.linear(try a.firstToken(sequence), "classifier.dense", from: hidden, to: hidden)
      let active = try a.activation(dense, architecture.headActivation, "classifier.activation")
      return try a.linear(active, "classifier.out_proj", from: hidden, to: count)
    }
    if a.weights.has("pre_classifier.weight") {
      let dense = try a.linear(try a.firstToken(sequence), "pre_classifier", from: hidden, to: hidden)
      let active = try a.activation(dense, architecture.headActivation, "pre_classifier.activation")
      return try a.linear(active, "classifier", from: hidden, to: count)
    }
    return try a.linear(try pooled(sequence, in: &a), "classifier", from: hidden, to: count)
  }

  private func spans(_ sequence: ValueID, in a: inout GraphAssembly) throws(Diagnostic) {
    let name = a.weights.has("qa_outputs.weight") || style == .huggingFace ? "qa_outputs" : "classifier"
    let scores = try a.linear(sequence, name, from: hidden, to: 2)
    let last = try a.integers("last", [-1])
    let parts = try a.builder.add(Split(axis: -1, pieces: 2), [scores], outputCount: 2, name: "spans")
    for (part, output) in zip(parts, ["start_logits", "end_logits"]) {
      try a.output(try a.add(Squeeze(), [part, last], output + ".squeezed"), output)
    }
  }

  /// A transformation to the width of the table of words, and the product with that table, turned.
  private func words(_ sequence: ValueID, in a: inout GraphAssembly) throws(Diagnostic) -> ValueID {
    // Paddle's classes tie their tables whatever the configuration says.
    let isTied = style == .paddle ? true : try config.truth("tie_word_embeddings", default: true)
    let names = LanguageHeadNames(a.weights, isTied: isTied)
    let width = architecture.width
    let dense = try a.linear(sequence, names.dense, from: hidden, to: width)
    let active = try a.activation(dense, architecture.languageActivation, names.dense + ".activation")
    let normal = try a.normalization(active, names.norm, width, epsilon: architecture.languageEpsilon)
    let count = architecture.vocabulary
    let scores: ValueID
    if let decoder = names.decoder, a.weights.shape(decoder) == [width, count], width != count {
      scores = try a.add(MatMul(), [normal, try a.weight(decoder, [width, count])], "scores")
    } else {
      let table = try a.transposed(names.decoder ?? "embeddings.word_embeddings.weight", [count, width])
      scores = try a.add(MatMul(), [normal, table], "scores")
    }
    for other in names.otherBiases { a.weights.ignore(other, as: names.bias) }
    return try a.add(Add(), [scores, try a.weight(names.bias, [count])], "scores.biased")
  }

  /// The classifiers of a text's intent and of its tokens' slots, each perhaps behind a layer of its own.
  private func intentAndSlots(_ sequence: ValueID, in a: inout GraphAssembly) throws(Diagnostic) {
    let pooled = try pooled(sequence, in: &a)
    let intents = try config.integer("intent_dim", "num_intents", "num_intent_labels", "intent_num_labels")
    let slots = try config.integer("slot_dim", "num_slots", "num_slot_labels", "slot_num_labels")
    for (kind, input, count) in [("intent", pooled, intents), ("slot", sequence, slots)] {
      var x = input
      if a.weights.has("\(kind)_hidden.weight") {
        x = try a.linear(x, "\(kind)_hidden", from: hidden, to: hidden)
        x = try a.activation(x, .relu, "\(kind)_hidden.activation")
      }
      let inner = "\(kind)_classifier.linear"
      let name = a.weights.has(inner + ".weight") ? inner : "\(kind)_classifier"
      try a.output(try a.linear(x, name, from: hidden, to: count), "\(kind)_logits")
    }
  }
}
