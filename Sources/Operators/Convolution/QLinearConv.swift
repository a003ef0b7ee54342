import LatheDiagnostics
import LatheIR
import LatheTensors

/// Convolution of quantized tensors, requantized: round(Σ · (x scale · w scale / y scale)) + y zero point.
///
/// Sums are taken in 32 bits; the factor and the product with it are those of `Float`, as in ONNX Runtime.
public struct QLinearConv: Evaluable, Convolving {
  public static let schema = OperatorSchema(
    "QLinearConv", since: 10,
    inputs: [
      .init("x", "T1", .bytes), .init("x_scale", "", [.float32]), .init("x_zero_point", "T1", .bytes),
      .init("w", "T2", .bytes), .init("w_scale", "", [.float32]), .init("w_zero_point", "T2", .bytes),
      .init("y_scale", "", [.float32]), .init("y_zero_point", "T3", .bytes), .init("B", "T4", [.int32], .optional),
    ],
    outputs: [.init("y", "T3", .bytes)],
    attributes: SlidingWindow.attributeKinds.merging(["group": .integer]) { first, _ in first })

  /// How the kernel moves.
  public var window: SlidingWindow
  /// Groups of channels that do not see each other.
  public var groups: Int

  public init(window: SlidingWindow = SlidingWindow(), groups: Int = 1) {
    self.window = window
    self.groups = groups
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    window = try SlidingWindow(decoding: attributes)
    groups = try Self.groups(attributes)
  }

  public func encode(into attributes: inout Attributes) {
    window.encode(into: &attributes)
    if groups != 1 { attributes.set("group", groups) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (x, w, y) = (try inputs.tensor(0), try inputs.tensor(3), try inputs.tensor(7))
    for position in [1, 2, 6, 7] { try ZeroPoints.check(try inputs.tensor(position), channels: 1) }
    for position in [4, 5] { try ZeroPoints.check(try inputs.tensor(position), channels: w.shape?.first ?? .unknown) }
    return [.tensor(TensorType(y.dtype, try convolvedShape(x, w, bias: try inputs.optional(8)?.tensor())))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try ZeroPoints.subtracted(from: try inputs.required(0), try inputs.required(2), axis: nil)
    let w = try ZeroPoints.subtracted(from: try inputs.required(3), try inputs.required(5), axis: 0)
    let sums = try convolved(x, w, as: Int32.self).addingPerChannel(inputs.optional(8), as: Int32.self)
    let factor = try Requantization.factor(try inputs.required(1), try inputs.required(4), try inputs.required(6))
    let spread = factor.elementCount == 1 ? [] : [factor.elementCount] + Array(repeating: 1, count: sums.rank - 2)
    return [
      try Requantization.requantized(sums, try factor.reshaped(to: spread), try inputs.required(7).reshaped(to: []))
    ]
  }
}
