import LatheDiagnostics
import LatheIR
import LatheTensors

extension AxisMap {
  /// Gives operands that broadcast to `axes`, such as scales, residuals and biases, their places there; false where ranks are not known.
  mutating func alignOperands(_ positions: [Int], _ inputs: [Operand?], to axes: [Axis], of shape: Shape) -> Bool {
    for position in positions {
      guard let operand = inputs.optional(position) else { continue }
      guard let own = operand.type.tensor?.shape, let aligned = align(own, to: axes, of: shape) else { return false }
      self.inputs[position] = aligned
    }
    return true
  }

  /// The map of the operator on floats, whose operands are found at other positions here.
  func moved(to positions: [Int], _ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap {
    var map = self
    map.inputs = Array(repeating: nil, count: inputs.count)
    for (position, axes) in zip(positions, self.inputs) where position < inputs.count { map.inputs[position] = axes }
    // Floats and INT8 values are the same result.
    map.outputs = Array(repeating: self.outputs[0], count: outputs.count)
    return map
  }
}

extension QuantizedLinear: AxisMapping {
  /// Zero points of weights keep a weight of 0 from meaning nothing.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard inputs.optional(10) == nil, let y = outputs.first?.shape, let x = inputs.optional(0)?.type.tensor?.shape, !x.isEmpty,
      let float = Linear().axisMap([0, 2, 4].map { inputs.optional($0) }, outputs)
    else { return nil }
    var map = float.moved(to: [0, 2, 4], inputs, outputs)
    guard let rows = map.inputs[0], let axes = map.outputs[0], map.alignOperands([1], inputs, to: rows, of: x),
      map.alignOperands([3, 5, 6, 7], inputs, to: axes, of: y)
    else { return nil }
    return map
  }
}

extension QuantizedConvolution: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    // Zero points of weights are not followed.
    guard inputs.optional(10) == nil, let float = convolution.axisMap([0, 2, 4, 5].map { inputs.optional($0) }, outputs) else { return nil }
    var map = float.moved(to: [0, 2, 4, 5], inputs, outputs)
    map.inputs[3] = map.outputs[0].map { [$0[1]] }
    return map
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    let op = try convolution.adapted(to: map, inputs: inputs).op
    return ((op as? Convolution).map { QuantizedConvolution($0) } ?? self, inputs)
  }
}

extension QuantizedAttention: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let y = outputs.first?.shape, let float = attention.axisMap([0, 6, 7, 4].map { inputs.optional($0) }, outputs) else { return nil }
    var map = float.moved(to: [0, 6, 7, 4], inputs, outputs)
    guard let axes = map.outputs[0], map.alignOperands([5], inputs, to: axes, of: y) else { return nil }
    return map
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    let op = try attention.adapted(to: map, inputs: inputs).op
    return ((op as? FusedAttention).map { QuantizedAttention($0) } ?? self, inputs)
  }
}

extension QuantizedNormalization: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = outputs.first?.shape, !shape.isEmpty, let first = AxisMap.along([shape.count - 1], .normalized, [inputs[0]], outputs)
    else { return nil }
    var map = first.moved(to: [0], inputs, outputs)
    guard let axes = map.outputs[0], map.alignOperands([1, 2, 3, 4, 5, 6], inputs, to: axes, of: shape) else { return nil }
    return map
  }
}

extension QuantizeRows: AxisMapping {
  /// Without a scale, each row has one that all of its values decide on.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = outputs.first?.shape, !shape.isEmpty else { return nil }
    let isStatic = inputs.optional(1) != nil
    guard let first = AxisMap.along(isStatic ? [] : [shape.count - 1], .normalized, [inputs[0]], outputs) else { return nil }
    var map = first.moved(to: [0], inputs, outputs)
    guard let axes = map.outputs[0], map.alignOperands([1, 2], inputs, to: axes, of: shape) else { return nil }
    if outputs.count > 1 { map.outputs[1] = axes.dropLast() + [AxisMap.one] }
    return map
  }
}

extension QuantizedEmbedding: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let y = outputs.first?.shape, let float = embedding.axisMap(Array(inputs.dropFirst()), outputs) else { return nil }
    var map = float.moved(to: Array(1..<inputs.count), inputs, outputs)
    for (atom, role) in map.atoms.map(\.role).enumerated() {
      if case .lookedUp(let ids) = role { map.setRole(.lookedUp(by: ids + 1), of: atom) }
    }
    guard let axes = map.outputs[0], map.alignOperands([0], inputs, to: axes, of: y) else { return nil }
    return map
  }
}

extension QuantizedLSTM: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let x = inputs.optional(0)?.type.tensor?.shape,
      var map = layer.axisMap([0, 2, 4, 6, 7].map { inputs.optional($0) }, outputs)
    else { return nil }
    let float = map.inputs
    map.inputs = Array(repeating: nil, count: inputs.count)
    for (position, axes) in zip([0, 2, 4, 6, 7], float) where position < inputs.count { map.inputs[position] = axes }
    for (atom, role) in map.atoms.map(\.role).enumerated() {
      if case .recurrent = role { map.setRole(.recurrent(operand: 4, axis: 2), of: atom) }
    }
    for position in [2, 4] { map.inputs[position + 1] = map.inputs[position].map { Array($0.prefix(2)) } }
    if outputs.count > 3 { map.outputs[3] = map.outputs[0] }
    guard let axes = map.inputs[0], map.alignOperands([1], inputs, to: axes, of: x) else { return nil }
    return map
  }
}
