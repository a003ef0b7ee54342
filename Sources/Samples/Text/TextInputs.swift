import LatheIR

/// The inputs of a model that takes texts.
public enum TextInputs {
  /// The input for token ids; nil for a model that texts cannot be given to.
  public static func ids(of model: Model) -> String? {
    (try? TextBinding(ModelInterface(model)))?.targets.first { $0.role == .ids }?.name
  }
}
