import LatheIR
import LatheTensors

/// Sum of quantized tensors, computed in `Float` and quantized again.
public struct QLinearAdd: QuantizedElementwise {
  public static let schema = formal("QLinearAdd", since: 1)

  public init() {}

  func apply(_ a: Float, _ b: Float) -> Float { a + b }
}
