import LatheTensors

extension AxisMap {
  /// Every axis of the result is an index of its own, and operands are stretched to it from the right.
  ///
  /// nil where ranks are not known.
  public static func broadcasting(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = outputs.first?.shape else { return nil }
    var map = AxisMap(inputs: inputs.count, outputs: outputs.count)
    let axes = shape.map { map.axis($0) }
    map.outputs[0] = axes
    for (position, input) in inputs.enumerated() {
      guard let input else { continue }
      guard let own = input.type.tensor?.shape, let aligned = map.align(own, to: axes, of: shape) else { return nil }
      map.inputs[position] = aligned
    }
    return map
  }

  /// Axes of a tensor of `own` extents that broadcasts to `axes` of `shape`; nil where it has more of them.
  ///
  /// Where it cannot be told whether it is stretched along an axis, what becomes of the indices is not explained.
  public mutating func align(_ own: Shape, to axes: [Axis], of shape: Shape) -> [Axis]? {
    guard own.count <= axes.count else { return nil }
    var result: [Axis] = []
    for (position, extent) in own.enumerated() {
      let target = position + axes.count - own.count
      if extent.isProvablyEqual(to: shape[target]) {
        result.append(axes[target])
      } else if extent == 1 {
        result.append(Self.one)
      } else {
        for atom in axes[target].joined() { setRole(.fresh, of: atom) }
        result.append(axis(extent, .fresh))
      }
    }
    return result
  }
}
