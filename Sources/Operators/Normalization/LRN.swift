internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// Local response normalization: X / (bias + α / size · Σ X²)^β, summed over `size` neighbouring channels.
public struct LRN: FloatEvaluable {
  public static let schema = OperatorSchema(
    "LRN", since: 13,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["alpha": .float, "beta": .float, "bias": .float, "size": .integer])

  /// Number of channels that are summed over; the larger half lies behind for even numbers.
  public var size: Int
  public var alpha: Float
  public var beta: Float
  public var bias: Float

  public init(size: Int, alpha: Float = 0.0001, beta: Float = 0.75, bias: Float = 1) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    size = try Attributes.required("size", try attributes.integer("size"))
    alpha = try attributes.float("alpha", default: 0.0001)
    beta = try attributes.float("beta", default: 0.75)
    bias = try attributes.float("bias", default: 1)
    guard size >= 1 else { throw .invalid("operator/attribute-value", "size = \(size) is not positive") }
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("size", size)
    if alpha != 0.0001 { attributes.set("alpha", alpha) }
    if beta != 0.75 { attributes.set("beta", beta) }
    if bias != 1 { attributes.set("bias", bias) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    if let rank = x.rank, rank < 2 {
      throw .invalid("operator/rank", "LRN needs batches and channels, but is given \(x)")
    }
    return [.tensor(x)]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let (channels, inner) = (x.shape[1], x.shape[2...].clampedProduct)
    let (before, behind) = (Swift.min((size - 1) / 2, channels), Swift.min(size / 2, channels))
    let y = try Tensor(of: T.self, shape: x.shape) { (target: UnsafeMutableBufferPointer<T>) in
      guard !target.isEmpty else { return }
      x.withElements(as: T.self) { source in
        for row in 0..<x.shape[0] * channels {
          let channel = row % channels
          let neighbours = Swift.max(0, channel - before)...Swift.min(channels - 1, channel + behind)
          for index in 0..<inner {
            var squares = 0.0
            for neighbour in neighbours {
              let value = source[(row - channel + neighbour) * inner + index].wide
              squares += value * value
            }
            let divisor = pow(Double(bias) + Double(alpha) / Double(size) * squares, Double(beta))
            target[row * inner + index] = T(double: source[row * inner + index].wide / divisor)
          }
        }
      }
    }
    return [y]
  }
}
