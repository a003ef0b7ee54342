import LatheIR
import LatheTensors

extension AxisMap {
  /// The atoms that axes before and behind a change of shape have in common; nil where there are none.
  ///
  /// As the number of elements stays, what lies between parts that agree from the front and parts that agree from the back is the same run of
  /// elements on both sides; if its axes do not factor into each other, they are not explained.
  static func reshaping(_ before: Shape, _ after: Shape) -> AxisMap? {
    guard !before.contains(0), !after.contains(0) else { return nil }
    var map = AxisMap(inputs: 1)
    var (left, right) = (ReshapedAxes(before), ReshapedAxes(after))
    while let part = left.commonFactor(with: right, fromBack: false) {
      let atom = map.atom(part)
      left.take(part, as: atom, fromBack: false)
      right.take(part, as: atom, fromBack: false)
    }
    while let part = left.commonFactor(with: right, fromBack: true) {
      let atom = map.atom(part)
      left.take(part, as: atom, fromBack: true)
      right.take(part, as: atom, fromBack: true)
    }
    guard !map.atoms.isEmpty || left.isDone && right.isDone else { return nil }
    map.inputs[0] = left.explained(in: &map)
    map.outputs[0] = right.explained(in: &map)
    return map
  }
}

/// The axes on one side of a change of shape, of which parts are explained from both ends.
private struct ReshapedAxes {
  /// Atoms found from the front and from the back, by axis.
  private var (front, back): ([[Int]], [[Int]])
  /// What is left of each axis.
  private var rest: Shape
  /// Axes of which something is left.
  private var open: Range<Int>

  init(_ shape: Shape) {
    front = shape.map { _ in [] }
    back = front
    rest = shape
    open = shape.indices
    skipOnes()
  }

  var isDone: Bool { open.isEmpty }

  private mutating func skipOnes() {
    while let first = open.first, rest[first] == 1 { open = open.dropFirst() }
    while let last = open.last, rest[last] == 1 { open = open.dropLast() }
  }

  /// What the next axes of both sides can be divided by; nil if one of them is no multiple of the other.
  func commonFactor(with other: ReshapedAxes, fromBack: Bool) -> Dimension? {
    guard let own = fromBack ? open.last : open.first, let its = fromBack ? other.open.last : other.open.first else { return nil }
    let (a, b) = (rest[own], other.rest[its])
    guard a != .unknown, b != .unknown else { return nil }
    if a.exactlyDivided(by: b) != nil { return b }
    return b.exactlyDivided(by: a) != nil ? a : nil
  }

  /// Explains a factor of the next axis.
  mutating func take(_ part: Dimension, as atom: Int, fromBack: Bool) {
    guard let axis = fromBack ? open.last : open.first, let left = rest[axis].exactlyDivided(by: part) else { return }
    rest[axis] = left
    if fromBack { back[axis].insert(atom, at: 0) } else { front[axis].append(atom) }
    skipOnes()
  }

  /// The axes, with an atom of its own for what is left of each.
  func explained(in map: inout AxisMap) -> [AxisMap.Axis] {
    rest.indices.map { axis in
      let middle = rest[axis] == 1 ? [] : [map.atom(rest[axis], .fresh)]
      return [front[axis] + middle + back[axis]]
    }
  }
}
