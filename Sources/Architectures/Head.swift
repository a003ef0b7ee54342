import LatheDiagnostics

/// What stands on top of an encoder.
public enum Head: String, Sendable, Hashable, CaseIterable {
  case none, pooled
  case sequenceClassification = "sequence-classification"
  case tokenClassification = "token-classification"
  case questionAnswering = "question-answering"
  case maskedLanguageModel = "masked-lm"
  /// A class for the text and one for each token.
  case intentAndSlots = "intent-slots"

  /// The head of a library's class, by the end of its name; nil where the name does not say.
  init?(className: String) {
    let ends: KeyValuePairs<String, Head> = [
      "ForSequenceClassification": .sequenceClassification, "ForTokenClassification": .tokenClassification,
      "ForQuestionAnswering": .questionAnswering, "ForMaskedLM": .maskedLanguageModel,
    ]
    if className.hasPrefix("Joint") {
      self = .intentAndSlots
    } else if let found = ends.first(where: { className.hasSuffix($0.key) }) {
      self = found.value
    } else {
      return nil
    }
  }
}
