import LatheTensors

/// Finds the places at which the free atoms of an axis lie.
struct AxisWalk {
  private(set) var found: [(atom: Int, layout: AxisLayout)] = []

  /// The free atoms of an axis, in the order of their places, the outer factor of a product before the inner.
  static func atoms(of axis: AxisMap.Axis, in union: inout AxisUnion) -> [(atom: Int, layout: AxisLayout)] {
    var walk = AxisWalk()
    walk.visit(union.resolved(axis) ?? [], from: 0, inner: 1, repeats: [], &union)
    return walk.found
  }

  /// Visits segments that lie side by side from `offset` on, each place of them covering `inner` places of the axis.
  private mutating func visit(
    _ axis: AxisMap.Axis, from offset: Dimension, inner: Dimension, repeats: [AxisLayout.Repeat], _ union: inout AxisUnion
  ) {
    var start = offset
    for segment in axis {
      visit(segment[...], from: start, inner: inner, repeats: repeats, &union)
      start = start + union.extent(of: [segment]) * inner
    }
  }

  private mutating func visit(
    _ segment: ArraySlice<Int>, from offset: Dimension, inner: Dimension, repeats: [AxisLayout.Repeat], _ union: inout AxisUnion
  ) {
    var repeats = repeats
    for (position, atom) in segment.enumerated() {
      let block = union.extent(of: [Array(segment.dropFirst(position + 1))]) * inner
      if union.isFree(atom) {
        found.append((atom, AxisLayout(offset: offset, block: block, repeats: repeats)))
      } else {
        visit(union.segments(of: atom) ?? [], from: offset, inner: block, repeats: repeats, &union)
      }
      repeats.append(AxisLayout.Repeat(count: union.extent(of: atom), stride: block))
    }
  }
}
