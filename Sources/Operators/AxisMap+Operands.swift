import LatheIR
import LatheTensors

extension AxisMap {
  /// One operand and one result of the same shape, in which the axes at `positions` have another role than being carried.
  static func along(
    _ positions: Set<Int>, _ role: Role, _ inputs: [Operand?], _ outputs: [TensorType]
  ) -> AxisMap? {
    guard let shape = outputs.first?.shape else { return nil }
    var map = AxisMap(inputs: inputs.count, outputs: outputs.count)
    let axes = shape.enumerated().map { map.axis($1, positions.contains($0) ? role : .carried) }
    map.inputs[0] = axes
    map.outputs[0] = axes
    return map
  }

}

/// An operator whose operands broadcast to its result, though not as freely as those of an `Elementwise` one.
protocol Broadcast: AxisMapping {}

extension Broadcast {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    .broadcasting(inputs, outputs)
  }
}

extension Tensor {
  /// A vector of extents with those that the map knows in the place of the positive ones.
  func extents(following axes: [AxisMap.Axis]?, of map: AxisMap) -> Tensor? {
    guard let axes, let numbers = integers(), numbers.count == axes.count else { return nil }
    let changed = zip(numbers, axes).map { number, axis in
      number > 1 ? Int64(map.extent(of: axis).known ?? number) : Int64(number)
    }
    return try? Tensor(changed, shape: shape)
  }
}

extension AxisMap {
  /// The map of an operator that scales its operand element by element, its further operands being one number or one for each index of
  /// `axis`.
  static func scaling(along axis: Int, _ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = outputs.first?.shape, var map = along([], .carried, inputs, outputs), let axes = map.outputs[0] else {
      return nil
    }
    for position in 1..<inputs.count {
      guard let parameter = inputs[position] else { continue }
      guard let own = parameter.type.tensor?.shape else { return nil }
      guard own.count == 1 && own[0] != 1 else {
        map.inputs[position] = own.map { _ in one }
        continue
      }
      guard let place = try? normalized(axis: axis, rank: shape.count) else { return nil }
      map.inputs[position] = [axes[place]]
    }
    return map
  }

  /// The map of an operator that normalizes the axes from one on, its further operands broadcasting to the result.
  static func normalizing(from axis: Int, _ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = outputs.first?.shape, let first = try? normalized(axis: axis, rank: shape.count),
      var map = along(Set(first..<shape.count), .normalized, inputs, outputs), let axes = map.outputs[0]
    else { return nil }
    for position in 1..<inputs.count {
      guard let operand = inputs[position] else { continue }
      guard let own = operand.type.tensor?.shape, let aligned = map.align(own, to: axes, of: shape) else { return nil }
      map.inputs[position] = aligned
    }
    return map
  }

  /// The map of an operator that keeps batch and channels and makes new extents of all axes behind them.
  static func pooling(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let x = inputs.optional(0)?.type.tensor?.shape, let y = outputs.first?.shape, x.count == y.count, y.count > 1 else {
      return nil
    }
    var map = AxisMap(inputs: inputs.count, outputs: outputs.count)
    let kept = y[..<2].map { map.axis($0) }
    map.inputs[0] = kept + x.dropFirst(2).map { map.axis($0, .normalized) }
    map.outputs[0] = kept + y.dropFirst(2).map { map.axis($0, .fresh) }
    return map
  }
}

extension AxisMap {
  /// The map of an operator that adds its operands, which broadcast to the result, and normalizes the sum along the last axis; further results
  /// are statistics of the rows, and last the sum.
  static func normalizingSum(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = outputs.first?.shape, !shape.isEmpty, var map = broadcasting(inputs, outputs), let axes = map.outputs[0] else {
      return nil
    }
    for atom in (axes.last ?? []).joined() { map.setRole(.normalized, of: atom) }
    for position in outputs.indices.dropFirst() { map.outputs[position] = position == 3 ? axes : axes.dropLast() + [one] }
    return map
  }
}
