import LatheDiagnostics
import LatheIR
import LatheTensors

/// activation(Conv(X, W, B) + R): a convolution with what follows it.
///
/// X is [batch, channels, …], W [filters, channels / group, …], B [filters]; R has the shape of the result, [batch, filters, …].
public struct Convolution: DefinedByDecomposition {
  public static let schema = OperatorSchema(
    "Convolution", domain: "lathe", since: 1,
    inputs: Conv.schema.inputs + [.init("R", "T", .floats, .optional)],
    outputs: Conv.schema.outputs,
    attributes: Conv.schema.attributes.merging(["activation": .string]) { first, _ in first })

  /// How the kernel moves, and the groups.
  public var convolution: Conv
  /// Applied to the sum with the residual.
  public var activation: LinearActivation

  public init(_ convolution: Conv, activation: LinearActivation = .none) {
    self.convolution = convolution
    self.activation = activation
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    convolution = try Conv(decoding: attributes)
    activation = try attributes.choice("activation", default: .none)
  }

  public func encode(into attributes: inout Attributes) {
    convolution.encode(into: &attributes)
    if activation != .none { attributes.set("activation", activation.rawValue) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let result = try convolution.infer(Array(inputs.prefix(3)))
    guard let shape = result[0].tensor?.shape, let residual = try inputs.optional(3)?.tensor(), let own = residual.shape else {
      return result
    }
    guard own.count == shape.count, !zip(own, shape).contains(where: { $0.isProvablyDifferent(from: $1) }) else {
      throw .invalid("operator/convolution", "Convolution: a residual of \(residual) does not fit a result of \(result[0])")
    }
    return result
  }

  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    var y = try builder.add(convolution, Array(inputs.prefix(3)))
    if inputs.count > 3, let residual = inputs[3] { y = try builder.add(Add(), [y, residual]) }
    return [try builder.activated(y, by: activation)]
  }
}

extension Convolution: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard var map = convolution.axisMap(Array(inputs.prefix(3)), outputs) else { return nil }
    while map.inputs.count < inputs.count { map.inputs.append(nil) }
    if inputs.optional(3) != nil { map.inputs[3] = map.outputs[0] }
    return map
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    let (op, adapted) = try convolution.adapted(to: map, inputs: inputs)
    return ((op as? Conv).map { Convolution($0, activation: activation) } ?? self, adapted)
  }
}
