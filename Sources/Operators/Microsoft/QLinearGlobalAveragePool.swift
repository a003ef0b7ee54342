import LatheDiagnostics
import LatheIR
import LatheTensors

/// Mean of each channel of a quantized tensor, quantized again.
///
/// Sums are taken in 32 bits; the factor and the product with it are those of `Float`, as in ONNX Runtime.
public struct QLinearGlobalAveragePool: Evaluable {
  public static let schema = OperatorSchema(
    "QLinearGlobalAveragePool", domain: "com.microsoft", since: 1,
    inputs: [
      .init("X", "T", .bytes), .init("x_scale", "", [.float32]), .init("x_zero_point", "T", .bytes),
      .init("y_scale", "", [.float32]), .init("y_zero_point", "T", .bytes),
    ],
    outputs: [.init("Y", "T", .bytes)],
    attributes: ["channels_last": .integer])

  /// Whether channels are the last axis, rather than the second.
  public var isChannelsLast: Bool

  public init(isChannelsLast: Bool = false) { self.isChannelsLast = isChannelsLast }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    isChannelsLast = try attributes.flag("channels_last", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    if isChannelsLast { attributes.set("channels_last", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    for position in 1...4 { try ZeroPoints.check(try inputs.tensor(position), channels: 1) }
    guard let shape = x.shape else { return [.tensor(x)] }
    guard shape.count >= 3 else {
      throw .invalid("operator/rank", "\(name) needs at least one spatial axis, but is given \(x)")
    }
    let kept = [0, isChannelsLast ? shape.count - 1 : 1]
    return [.tensor(TensorType(x.dtype, shape.indices.map { kept.contains($0) ? shape[$0] : 1 }))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let shape = try concreteShape(inputs)
    let x = isChannelsLast ? try ChannelsLast.first(try inputs.required(0)) : try inputs.required(0)
    let (from, to) = (try inputs.linearCode(1), try inputs.linearCode(3))
    let (channels, count) = (x.shape[..<2].reduce(1, *), x.shape[2...].clampedProduct)
    let factor = from.scale / (to.scale * Float(count))
    let numbers = try ZeroPoints.widened(x).elements(as: Int32.self) ?? []
    let means = (0..<channels).map { channel in
      var sum = Int32(0)
      for index in 0..<count { sum &+= numbers[channel * count + index] }
      sum &-= Int32(truncatingIfNeeded: count) &* Int32(from.zero)
      return (Float(sum) * factor).rounded(.toNearestOrEven) + to.zero
    }
    return [
      x.dtype == .int8
        ? try Tensor(means.map { Int8(quantizing: $0) }, shape: shape)
        : try Tensor(means.map { UInt8(quantizing: $0) }, shape: shape)
    ]
  }
}
