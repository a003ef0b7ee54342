import LatheTensors

extension AxisMap {
  /// Every axis of the result is an index of its own, and operands are stretched to it from the right.
  ///
  /// nil where it cannot be told whether an operand is stretched.
  public static func broadcasting(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = outputs.first?.shape else { return nil }
    var map = AxisMap(inputs: inputs.count, outputs: outputs.count)
    let axes = shape.map { map.axis($0) }
    map.outputs[0] = axes
    for (position, input) in inputs.enumerated() {
      guard let input else { continue }
      guard let own = input.type.tensor?.shape, let aligned = aligned(own, to: axes, of: shape) else { return nil }
      map.inputs[position] = aligned
    }
    return map
  }

  /// Axes of a tensor of `own` extents that broadcasts to `axes` of `shape`; nil where that cannot be told.
  public static func aligned(_ own: Shape, to axes: [Axis], of shape: Shape) -> [Axis]? {
    guard own.count <= axes.count else { return nil }
    var result: [Axis] = []
    for (position, extent) in own.enumerated() {
      let target = position + axes.count - own.count
      if extent.isProvablyEqual(to: shape[target]) {
        result.append(axes[target])
      } else if extent == 1 {
        result.append(one)
      } else {
        return nil
      }
    }
    return result
  }
}
