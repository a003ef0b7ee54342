import LatheIR
import LatheTensors

/// Product of quantized tensors, computed in `Float` and quantized again.
public struct QLinearMul: QuantizedElementwise {
  public static let schema = formal("QLinearMul", since: 1)

  public init() {}

  func rule(_ a: LinearCode, _ b: LinearCode, _ c: LinearCode) -> (Float, Float) -> Float {
    let ratio = a.scale * b.scale / c.scale
    return { x, y in ((x - a.zero) * (y - b.zero) * ratio).rounded(.toNearestOrEven) + c.zero }
  }
}
