import LatheDiagnostics
import LatheIR
import LatheTensors

/// A layer of gated recurrent units over a sequence, in one direction or both.
///
/// Gates come in ONNX's order update, reset, hidden. Where the specification is open, LSTM's conventions hold.
public struct GRU: RecurrentLayer {
  public static let schema = OperatorSchema(
    "GRU", since: 22,
    inputs: operands, outputs: results,
    attributes: RecurrentSettings.attributeKinds.merging(["linear_before_reset": .integer]) { first, _ in first })

  /// Directions, functions and layout.
  public var settings: RecurrentSettings
  /// Whether the reset gate weights the state's product with its weights, rather than the state.
  public var appliesResetToProduct: Bool

  static let gates = 3
  static let defaultActivations = ["Sigmoid", "Tanh"]

  public init(settings: RecurrentSettings = RecurrentSettings(), appliesResetToProduct: Bool = false) {
    self.settings = settings
    self.appliesResetToProduct = appliesResetToProduct
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    settings = try RecurrentSettings(decoding: attributes)
    appliesResetToProduct = try attributes.flag("linear_before_reset", default: false)
    _ = try settings.functions(Self.defaultActivations, Self.schema.name)
  }

  public func encode(into attributes: inout Attributes) {
    settings.encode(into: &attributes)
    if appliesResetToProduct { attributes.set("linear_before_reset", true) }
  }

  func cell(_ functions: [GateActivation]) -> RecurrentCell {
    .gated(functions[0], functions[1], appliesResetToProduct: appliesResetToProduct)
  }
}
