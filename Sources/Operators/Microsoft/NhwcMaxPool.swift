import LatheDiagnostics
import LatheIR
import LatheTensors

/// Largest elements of moving windows of a quantized tensor whose channels come last.
public struct NhwcMaxPool: Evaluable, Pooling {
  public static let schema = OperatorSchema(
    "NhwcMaxPool", domain: "com.microsoft", since: 1,
    inputs: [.init("x", "T", .bytes)],
    outputs: [.init("y", "T", .bytes)],
    attributes: attributeKinds)

  /// How the window moves.
  public var window: SlidingWindow

  public init(window: SlidingWindow) { self.window = window }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    window = try SlidingWindow(decoding: attributes, needsKernel: true)
  }

  public func encode(into attributes: inout Attributes) { window.encode(into: &attributes) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    return [.tensor(ChannelsLast.last(TensorType(x.dtype, try pooledShape(ChannelsLast.first(x)))))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try ChannelsLast.first(try inputs.required(0))
    return [try ChannelsLast.last(try MaxPool(window: window).evaluate([x])[0])]
  }
}

extension NhwcMaxPool {
  /// Nothing is told, since channels may be the last axis here.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? { nil }
}
