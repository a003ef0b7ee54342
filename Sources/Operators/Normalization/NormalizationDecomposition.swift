import LatheDiagnostics
import LatheIR
import LatheTensors

extension GraphBuilder {
  /// `numerator` over the root of its mean square, and ε, over the last axes; times the scale, and shifted by the bias if there is one.
  mutating func normalized(
    _ numerator: ValueID, axes: ValueID, epsilon: Float, scale: ValueID, bias: ValueID?
  ) throws(Diagnostic) -> ValueID {
    let square = try add(Mul(), [numerator, numerator])
    let sum = try add(Add(), [try add(ReduceMean(), [square, axes]), try number(Double(epsilon), like: numerator)])
    let scaled = try add(Mul(), [try add(Div(), [numerator, try add(Sqrt(), [sum])]), scale])
    guard let bias else { return scaled }
    return try add(Add(), [scaled, bias])
  }

  /// The axes from `axis` on as a constant.
  ///
  /// - Throws: `operator/decomposition` if the rank of `value` is not known.
  mutating func trailingAxes(from axis: Int, of value: ValueID) throws(Diagnostic) -> ValueID {
    if axis < 0 { return try integers("axes", Array(axis..<0)) }
    guard let rank = graph[value].type?.tensor?.rank else {
      throw .invalid("operator/decomposition", "the rank of %\(graph[value].name) is not known")
    }
    return try integers("axes", Array(axis..<rank))
  }
}

extension LayerNormalization: Decomposable {
  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    guard inputs.count > 1, let x = inputs[0], let scale = inputs[1] else {
      throw .invalid("operator/decomposition", "LayerNormalization lacks an operand")
    }
    let axes = try builder.trailingAxes(from: axis, of: x)
    let centred = try builder.add(Sub(), [x, try builder.add(ReduceMean(), [x, axes])])
    let bias = inputs.count > 2 ? inputs[2] : nil
    return [try builder.normalized(centred, axes: axes, epsilon: epsilon, scale: scale, bias: bias)]
  }
}

extension RMSNormalization: Decomposable {
  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    guard inputs.count > 1, let x = inputs[0], let scale = inputs[1] else {
      throw .invalid("operator/decomposition", "RMSNormalization lacks an operand")
    }
    let axes = try builder.trailingAxes(from: axis, of: x)
    return [try builder.normalized(x, axes: axes, epsilon: epsilon, scale: scale, bias: nil)]
  }
}
