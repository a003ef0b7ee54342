import LatheIR
import LatheTensors

/// Sigmoid of a quantized tensor.
public struct QLinearSigmoid: QuantizedUnary, AttributeFree {
  public static let schema = formal("QLinearSigmoid", since: 1)

  public init() {}

  func apply(_ x: Float) -> Float { Float(Sigmoid().apply(Double(x))) }
}
