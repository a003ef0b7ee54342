import LatheDiagnostics
import LatheIR
import LatheTensors

/// Means of moving windows of a quantized tensor, quantized again.
///
/// Sums are those of `Float`, in the order of the window; with the padding, every window has the same number of elements.
public struct QLinearAveragePool: Evaluable, Pooling {
  public static let schema = OperatorSchema(
    "QLinearAveragePool", domain: "com.microsoft", since: 1,
    inputs: [
      .init("X", "T", .bytes), .init("x_scale", "", [.float32]), .init("x_zero_point", "T", .bytes, .optional),
      .init("y_scale", "", [.float32]), .init("y_zero_point", "T", .bytes, .optional),
    ],
    outputs: [.init("Y", "T", .bytes)],
    attributes: attributeKinds.merging(["channels_last": .integer, "count_include_pad": .integer]) { first, _ in first })

  /// How the window moves.
  public var window: SlidingWindow
  /// Whether padding counts as elements of 0.
  public var countsPadding: Bool
  /// Whether channels are the last axis, rather than the second.
  public var isChannelsLast: Bool

  public init(window: SlidingWindow, countsPadding: Bool = false, isChannelsLast: Bool = false) {
    self.window = window
    self.countsPadding = countsPadding
    self.isChannelsLast = isChannelsLast
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    window = try SlidingWindow(decoding: attributes, needsKernel: true)
    countsPadding = try attributes.flag("count_include_pad", default: false)
    isChannelsLast = try attributes.flag("channels_last", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    window.encode(into: &attributes)
    if countsPadding { attributes.set("count_include_pad", true) }
    if isChannelsLast { attributes.set("channels_last", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    for position in 1...4 { try ZeroPoints.check(try inputs.optional(position)?.tensor(), channels: 1) }
    guard isChannelsLast else { return [.tensor(TensorType(x.dtype, try pooledShape(x)))] }
    return [.tensor(ChannelsLast.last(TensorType(x.dtype, try pooledShape(ChannelsLast.first(x)))))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = isChannelsLast ? try ChannelsLast.first(try inputs.required(0)) : try inputs.required(0)
    let (from, to) = (try inputs.linearCode(1), try inputs.linearCode(3))
    let grid = try grid(x)
    let numbers = try ZeroPoints.widened(x)
    let shape = Array(x.shape[..<2] + grid.output)
    let means = try Tensor(of: Float.self, shape: shape) { (target: UnsafeMutableBufferPointer<Float>) in
      numbers.withElements(as: Int32.self) { source in
        forEachWindow(x, grid) { place, _, elements, start in
          var (sum, count) = (Float(0), 0)
          for element in 0..<elements.count where elements[element] >= 0 {
            sum += from.number(Float(source[start + elements[element]]))
            count += 1
          }
          target[place] = sum / Float(countsPadding ? grid.kernelCount : count) / to.scale + to.zero
        }
      }
    }
    let y =
      x.dtype == .int8
      ? try Broadcasting.map(means) { (x: Float) in Int8(quantizing: x) }
      : try Broadcasting.map(means) { (x: Float) in UInt8(quantizing: x) }
    return [isChannelsLast ? try ChannelsLast.last(y) : y]
  }
}

extension QLinearAveragePool {
  /// Nothing is told, since channels may be the last axis here.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? { nil }
}
