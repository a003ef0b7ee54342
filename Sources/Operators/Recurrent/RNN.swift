import LatheDiagnostics
import LatheIR
import LatheTensors

/// A layer of plain recurrent units over a sequence, in one direction or both: H ← f(X·Wᵀ + H·Rᵀ + biases).
///
/// Where the specification is open, LSTM's conventions hold.
public struct RNN: RecurrentLayer {
  public static let schema = OperatorSchema(
    "RNN", since: 22, inputs: operands, outputs: results, attributes: RecurrentSettings.attributeKinds)

  /// Directions, functions and layout.
  public var settings: RecurrentSettings

  static let gates = 1
  static let defaultActivations = ["Tanh"]

  public init(settings: RecurrentSettings = RecurrentSettings()) { self.settings = settings }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    settings = try RecurrentSettings(decoding: attributes)
    _ = try settings.functions(Self.defaultActivations, Self.schema.name)
  }

  public func encode(into attributes: inout Attributes) { settings.encode(into: &attributes) }

  func cell(_ functions: [GateActivation]) -> RecurrentCell { .plain(functions[0]) }
}
