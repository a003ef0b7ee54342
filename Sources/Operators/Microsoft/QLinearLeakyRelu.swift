import LatheDiagnostics
import LatheIR
import LatheTensors

/// LeakyRelu of a quantized tensor.
public struct QLinearLeakyRelu: QuantizedUnary {
  public static let schema = formal("QLinearLeakyRelu", since: 1, attributes: ["alpha": .float])

  /// Slope α of the negative side.
  public var alpha: Float

  public init(alpha: Float = 0.01) { self.alpha = alpha }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try attributes.float("alpha", default: 0.01)
  }

  public func encode(into attributes: inout Attributes) {
    if alpha != 0.01 { attributes.set("alpha", alpha) }
  }

  func apply(_ x: Float) -> Float { x >= 0 ? x : alpha * x }
}
