import LatheDiagnostics
import LatheIR
import LatheTensors

/// QLinearConv whose input and result may have their channels last; the weight keeps its axes.
public struct MicrosoftQLinearConv: Evaluable {
  public static let schema = OperatorSchema(
    "QLinearConv", domain: "com.microsoft", since: 1, inputs: QLinearConv.schema.inputs,
    outputs: QLinearConv.schema.outputs,
    attributes: QLinearConv.schema.attributes.merging(["channels_last": .integer]) { first, _ in first })

  /// The convolution of channels that come second.
  public var convolution: QLinearConv
  /// Whether channels are the last axis, rather than the second.
  public var isChannelsLast: Bool

  public init(convolution: QLinearConv, isChannelsLast: Bool = false) {
    self.convolution = convolution
    self.isChannelsLast = isChannelsLast
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    convolution = try QLinearConv(decoding: attributes)
    isChannelsLast = try attributes.flag("channels_last", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    convolution.encode(into: &attributes)
    if isChannelsLast { attributes.set("channels_last", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    guard isChannelsLast else { return try convolution.infer(inputs) }
    var turned = inputs
    turned[0] = Operand(type: .tensor(ChannelsLast.first(try inputs.tensor(0))))
    guard let type = try convolution.infer(turned)[0].tensor else { return [] }
    return [.tensor(ChannelsLast.last(type))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    guard isChannelsLast else { return try convolution.evaluate(inputs) }
    var turned = inputs
    turned[0] = try ChannelsLast.first(try inputs.required(0))
    return [try ChannelsLast.last(try convolution.evaluate(turned)[0])]
  }
}
