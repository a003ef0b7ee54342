import LatheIR
import LatheTensors

/// Product of quantized tensors, computed in `Float` and quantized again.
public struct QLinearMul: QuantizedElementwise {
  public static let schema = formal("QLinearMul", since: 1)

  public init() {}

  func apply(_ a: Float, _ b: Float) -> Float { a * b }
}
