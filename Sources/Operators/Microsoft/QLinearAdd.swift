import LatheIR
import LatheTensors

/// Sum of quantized tensors, computed in `Float` and quantized again.
public struct QLinearAdd: QuantizedElementwise {
  public static let schema = formal("QLinearAdd", since: 1)

  public init() {}

  func rule(_ a: LinearCode, _ b: LinearCode, _ c: LinearCode) -> (Float, Float) -> Float {
    let (first, second) = (a.scale / c.scale, b.scale / c.scale)
    let fixed = c.zero - (second * b.zero).addingProduct(first, a.zero)
    return { x, y in fixed.addingProduct(y, second).addingProduct(x, first) }
  }
}
