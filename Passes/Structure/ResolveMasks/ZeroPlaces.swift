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
    guard rank > 0 else { return ZeroPlaces(axes: [], isWhole: zeroCount == 1) }
    let (rows, places) =
      dtype == .float32
      ? withElements(as: Float.self) { alive($0) } : (doubles() ?? []).withUnsafeBufferPointer { alive($0) }
    var axes = (0..<rank - 1).map { [Bool](repeating: true, count: shape[$0]) }
    for row in rows.indices where rows[row] {
      var rest = row
      for axis in axes.indices.reversed() {
        axes[axis][rest % shape[axis]] = false
        rest /= shape[axis]
      }
    }
    return ZeroPlaces(axes: axes + [places.map { !$0 }])
  }

  /// Whether rows, and places along the last axis, have an element that is no zero; all have, where elements cannot be read.
  private func alive<T: BinaryFloatingPoint>(_ elements: UnsafeBufferPointer<T>) -> (rows: [Bool], places: [Bool]) {
    let width = shape[rank - 1]
    let isUnknown = elements.count != elementCount
    var rows = [Bool](repeating: isUnknown, count: elementCount / width)
    var places = [Bool](repeating: isUnknown, count: width)
    guard !isUnknown else { return (rows, places) }
    var missing = width
    for row in rows.indices {
      // Once all places are alive, a row is looked at up to its first element that is no zero.
      for place in 0..<width where elements[row * width + place] != 0 {
        rows[row] = true
        if missing == 0 { break }
        if !places[place] {
          places[place] = true
          missing -= 1
        }
      }
    }
    return (rows, places)
  }

  /// Whether all elements are numbers; of types whose elements cannot be read, none are said to be.
  var isFinite: Bool {
    if dtype == .float32 { return withElements(as: Float.self) { $0.allSatisfy(\.isFinite) } }
    return dtype.isInteger || doubles()?.allSatisfy(\.isFinite) ?? false
  }

  /// Elements that are zeros.
  var zeroCount: Int {
    if dtype == .float32 { return withElements(as: Float.self) { $0.count { $0 == 0 } } }
    return doubles()?.count { $0 == 0 } ?? 0
  }
}
