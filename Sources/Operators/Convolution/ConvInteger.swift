import LatheDiagnostics
import LatheIR
import LatheTensors

/// Convolution of integers of 8 bits, less their zero points, summed in 32 bits.
///
/// Padding counts as the input's zero point.
public struct ConvInteger: Evaluable, Convolving {
  public static let schema = OperatorSchema(
    "ConvInteger", since: 10,
    inputs: [
      .init("x", "T1", .bytes), .init("w", "T2", .bytes), .init("x_zero_point", "T1", .bytes, .optional),
      .init("w_zero_point", "T2", .bytes, .optional),
    ],
    outputs: [.init("y", "T3", [.int32])],
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
    let (x, w) = (try inputs.tensor(0), try inputs.tensor(1))
    try ZeroPoints.check(try inputs.optional(2)?.tensor(), channels: 1)
    try ZeroPoints.check(try inputs.optional(3)?.tensor(), channels: w.shape?.first ?? .unknown)
    return [.tensor(TensorType(.int32, try convolvedShape(x, w, bias: nil)))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try ZeroPoints.subtracted(from: try inputs.required(0), inputs.optional(2), axis: nil)
    let w = try ZeroPoints.subtracted(from: try inputs.required(1), inputs.optional(3), axis: 0)
    return [try convolved(x, w, as: Int32.self)]
  }
}
