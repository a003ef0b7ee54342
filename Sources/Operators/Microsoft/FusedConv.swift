import LatheDiagnostics
import LatheIR
import LatheTensors

/// A convolution with an addend Z of the result's shape and an activation behind it.
public struct FusedConv: FloatEvaluable {
  public static let schema = OperatorSchema(
    "FusedConv", domain: "com.microsoft", since: 1,
    inputs: Conv.schema.inputs + [.init("Z", "T", .floats, .optional)],
    outputs: Conv.schema.outputs,
    attributes: Conv.schema.attributes.merging(["activation": .string, "activation_params": .floats]) { first, _ in first
    })

  /// The convolution without either.
  public var convolution: Conv
  /// Name of the function; nil for none.
  public var activation: String?
  /// The function's parameters.
  public var parameters: [Float]

  public init(convolution: Conv, activation: String? = nil, parameters: [Float] = []) {
    self.convolution = convolution
    self.activation = activation
    self.parameters = parameters
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    convolution = try Conv(decoding: attributes)
    activation = try attributes.string("activation")
    parameters = try attributes.floats("activation_params") ?? []
    _ = try activation.map { (name) throws(Diagnostic) in try FusedActivation(name, parameters) }
  }

  public func encode(into attributes: inout Attributes) {
    convolution.encode(into: &attributes)
    if let activation { attributes.set("activation", activation) }
    if !parameters.isEmpty { attributes.set("activation_params", parameters) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let result = try convolution.infer(Array(inputs.prefix(3)))
    guard let shape = result[0].tensor?.shape, let z = try inputs.optional(3)?.tensor(), let own = z.shape else {
      return result
    }
    guard own.count == shape.count, !zip(own, shape).contains(where: { $0.isProvablyDifferent(from: $1) }) else {
      throw .invalid("operator/convolution", "FusedConv cannot add \(z) to a result of the shape \(shape)")
    }
    return result
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    var y = try convolution.evaluate(Array(inputs.prefix(3)))[0]
    if let z = inputs.optional(3) { y = try Broadcasting.map(y, z) { (x: T, z: T) in T(double: x.wide + z.wide) } }
    guard let activation else { return [y] }
    return [try FusedActivation(activation, parameters)(y, as: T.self)]
  }
}
