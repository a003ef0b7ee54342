import LatheDiagnostics
import LatheIR

/// A layer of gated recurrent units with the batch first and the directions side by side, which begins with states of zero.
///
/// Operands and results are those of `PackedRecurrentLayer`, with gates in the order update, reset, hidden. The functions are Sigmoid and Tanh.
public struct PackedGRU: PackedRecurrentLayer {
  public static let schema = OperatorSchema(
    "PackedGRU", domain: "lathe", since: 1, inputs: operands, outputs: results("Y", "Y_h"),
    attributes: ["direction": .string, "linear_before_reset": .integer])

  /// Which passes over the sequence are made.
  public var direction: LSTM.Direction
  /// Whether the reset gate weights the state's product with its weights, rather than the state.
  public var appliesResetToProduct: Bool

  public init(direction: LSTM.Direction = .forward, appliesResetToProduct: Bool = false) {
    self.direction = direction
    self.appliesResetToProduct = appliesResetToProduct
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    direction = try attributes.choice("direction", default: .forward)
    appliesResetToProduct = try attributes.flag("linear_before_reset", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    if direction != .forward { attributes.set("direction", direction.rawValue) }
    if appliesResetToProduct { attributes.set("linear_before_reset", true) }
  }

  func standard(hiddenSize: Int?, isBatchFirst: Bool) -> any Operator {
    GRU(
      settings: RecurrentSettings(direction: direction, hiddenSize: hiddenSize, isBatchFirst: isBatchFirst),
      appliesResetToProduct: appliesResetToProduct)
  }
}
