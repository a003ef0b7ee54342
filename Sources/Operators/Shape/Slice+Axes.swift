import LatheDiagnostics
import LatheIR
import LatheTensors

extension Slice: AxisMapping {
  /// An axis of which neighbours are taken lies there in up to three segments: what is before them, they themselves, and what is behind.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let x = inputs.optional(0)?.type.tensor?.shape, let y = outputs.first?.shape, let count = try? cutCount(inputs),
      let cut = try? axes(inputs, count: count, rank: x.count), x.count == y.count
    else { return nil }
    var map = AxisMap(inputs: inputs.count)
    var before = y.map { map.axis($0) }
    var after = before
    for axis in cut {
      if let range = range(of: axis, cut, inputs, x[axis]) {
        let head = range.start > 0 ? map.axis(.known(range.start)) : []
        let behind = (x[axis].known ?? 0) - range.start - range.count
        before[axis] = head + after[axis] + (behind > 0 ? map.axis(.known(behind)) : [])
      } else {
        before[axis] = map.axis(x[axis], .normalized)
        after[axis] = map.axis(y[axis], .fresh)
      }
    }
    map.inputs[0] = before
    map.outputs[0] = after
    return map
  }

  /// Which neighbours are taken from an axis; nil if none are, or it cannot be told.
  private func range(of axis: Int, _ cut: [Int], _ inputs: [Operand?], _ extent: Dimension) -> SliceRange? {
    guard let extent = extent.known, let position = cut.firstIndex(of: axis), let starts = inputs.optional(1)?.integers,
      let ends = inputs.optional(2)?.integers, position < starts.count, position < ends.count
    else { return nil }
    let steps = inputs.optional(4)?.integers
    guard inputs.optional(4) == nil || steps?[position] == 1 else { return nil }
    let range = SliceRange(extent: extent, from: starts[position], to: ends[position], step: 1)
    return range.count > 0 ? range : nil
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    guard let before = map.inputs[0], let after = map.outputs[0], let starts = inputs.optional(1), let ends = inputs.optional(2),
      var first = starts.integers(), var last = ends.integers()
    else { return (self, inputs) }
    let cut = try axes(inputs.map { $0.map { Operand($0) } }, count: first.count, rank: before.count) ?? []
    for (position, axis) in cut.enumerated() where position < first.count && position < last.count {
      guard let taken = before[axis].firstIndex(of: after[axis].first ?? []), let start = map.extent(of: Array(before[axis][..<taken])).known,
        let count = map.extent(of: after[axis]).known
      else { continue }
      (first[position], last[position]) = (start, start + count)
    }
    var adapted = inputs
    adapted[1] = try starts.replacing(by: first)
    adapted[2] = try ends.replacing(by: last)
    return (self, adapted)
  }
}

extension Tensor {
  /// A tensor of the same type and shape with other integers.
  func replacing(by integers: [Int]) throws(Diagnostic) -> Tensor {
    try Cast(to: dtype).evaluate([try Tensor(integers.map { Int64($0) }, shape: shape)])[0]
  }
}
