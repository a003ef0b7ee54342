import LatheTensors

/// Where a value holds zeros alone, whatever the inputs are; −0 is a zero.
struct ZeroPlaces {
  /// For each axis, whether all elements at a place are zeros; nil where nothing is known.
  private(set) var axes: [[Bool]?]
  /// Whether all elements are.
  private(set) var isWhole: Bool

  init(axes: [[Bool]?], isWhole: Bool = false) {
    self.axes = axes
    self.isWhole = isWhole || axes.contains { $0.map { !$0.isEmpty && !$0.contains(false) } ?? false }
  }

  /// Places of all axes of which something is known.
  var count: Int { axes.reduce(0) { $0 + ($1?.count ?? 0) } }

  /// Whether there are none.
  var isEmpty: Bool { !isWhole && !axes.contains { $0?.contains(true) ?? false } }

  /// Whether all elements at a place of an axis are zeros.
  func holds(_ axis: Int, _ place: Int) -> Bool {
    guard !isWhole else { return true }
    guard axes.indices.contains(axis), let own = axes[axis], own.indices.contains(place) else { return false }
    return own[place]
  }

  /// Where both have zeros.
  func and(_ other: ZeroPlaces) -> ZeroPlaces {
    if isWhole { return other }
    if other.isWhole { return self }
    return merged(with: other) { $0 && $1 }
  }

  /// Where either has zeros.
  func or(_ other: ZeroPlaces) -> ZeroPlaces {
    if isWhole || other.isEmpty { return self }
    if other.isWhole || isEmpty { return other }
    return merged(with: other) { $0 || $1 }
  }

  private func merged(with other: ZeroPlaces, _ combine: (Bool, Bool) -> Bool) -> ZeroPlaces {
    guard axes.count == other.axes.count else { return ZeroPlaces(axes: axes.map { _ in nil }) }
    let all = axes.indices.map { axis -> [Bool]? in
      guard let count = axes[axis]?.count ?? other.axes[axis]?.count else { return nil }
      return (0..<count).map { combine(holds(axis, $0), other.holds(axis, $0)) }
    }
    return ZeroPlaces(axes: all)
  }
}

extension Tensor {
  /// Where the tensor holds zeros alone; nowhere if it has no elements.
  func zeroPlaces() -> ZeroPlaces {
    guard elementCount > 0, dtype != .string else { return ZeroPlaces(axes: shape.map { _ in nil }) }
    guard rank > 0 else { return ZeroPlaces(axes: [], isWhole: !holdsAny { $0 != 0 }) }
    var isAlive = shape.map { [Bool](repeating: false, count: $0) }
    let width = shape[rank - 1]
    forEachRow(of: width) { row, isNonzero in
      var isRowAlive = false
      for place in 0..<width where isNonzero(place) {
        isAlive[rank - 1][place] = true
        isRowAlive = true
      }
      guard isRowAlive else { return }
      var rest = row
      for axis in (0..<rank - 1).reversed() {
        isAlive[axis][rest % shape[axis]] = true
        rest /= shape[axis]
      }
    }
    return ZeroPlaces(axes: isAlive.map { $0.map { !$0 } })
  }

  /// Whether any element, as a number, is as asked.
  func holdsAny(_ isWanted: (Double) -> Bool) -> Bool {
    if dtype == .float32 { return withElements(as: Float.self) { $0.contains { isWanted(Double($0)) } } }
    return doubles()?.contains(where: isWanted) ?? true
  }

  /// Elements that are zeros.
  var zeroCount: Int {
    if dtype == .float32 { return withElements(as: Float.self) { $0.count { $0 == 0 } } }
    return doubles()?.count { $0 == 0 } ?? 0
  }

  /// Calls with each row of `width` elements, and a function that tells which of them are something else than zero.
  private func forEachRow(of width: Int, _ body: (_ row: Int, _ isNonzero: (Int) -> Bool) -> Void) {
    if dtype == .float32 {
      withElements(as: Float.self) { elements in
        for row in 0..<elements.count / width { body(row) { elements[row * width + $0] != 0 } }
      }
    } else {
      let elements = doubles() ?? []
      for row in 0..<elementCount / width {
        body(row) { place in elements.isEmpty || elements[row * width + place] != 0 }
      }
    }
  }
}
