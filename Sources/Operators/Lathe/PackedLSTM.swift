import LatheDiagnostics
import LatheIR

/// A layer of long short-term memory with the batch first and the directions side by side, which begins with states of zero.
///
/// Operands and results are those of `PackedRecurrentLayer`, with gates in the order input, output, forget, cell. The functions are Sigmoid, Tanh
/// and Tanh.
public struct PackedLSTM: PackedRecurrentLayer {
  public static let schema = OperatorSchema(
    "PackedLSTM", domain: "lathe", since: 1, inputs: operands, outputs: results("Y", "Y_h", "Y_c"), attributes: ["direction": .string])

  /// Which passes over the sequence are made.
  public var direction: LSTM.Direction

  public init(direction: LSTM.Direction = .forward) { self.direction = direction }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    direction = try attributes.choice("direction", default: .forward)
  }

  public func encode(into attributes: inout Attributes) {
    if direction != .forward { attributes.set("direction", direction.rawValue) }
  }

  func standard(hiddenSize: Int?, isBatchFirst: Bool) -> any Operator {
    LSTM(direction: direction, hiddenSize: hiddenSize, isBatchFirst: isBatchFirst)
  }
}
