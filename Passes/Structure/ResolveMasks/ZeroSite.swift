import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// A node as the analysis of zeros sees it: what is known of its operands, and how its axes relate to theirs.
struct ZeroSite {
  /// Extents beyond are not followed.
  static let mostPlaces = 1 << 20

  let op: any AxisMapping
  let operands: [Operand?]
  /// What is known of each operand's zeros; nil for one that is left out.
  let zeros: [ZeroPlaces?]
  let map: AxisMap
  let results: [TensorType]

  /// Whether there is an operand at a position.
  func has(_ position: Int) -> Bool { position < operands.count && operands[position] != nil }

  /// The operand at a position, if it is a constant.
  func constant(_ position: Int) -> Tensor? { has(position) ? operands[position]?.constant : nil }

  /// Nothing is known of a result's zeros.
  func none(_ result: Int = 0) -> ZeroPlaces {
    ZeroPlaces(axes: result < results.count ? (results[result].shape ?? []).map { _ in nil } : [])
  }

  /// Whether all of an operand are zeros, or it is left out.
  func isZeroOrAbsent(_ position: Int) -> Bool { !has(position) || zeros[position]?.isWhole ?? false }

  /// Where a result has zeros if each of its elements is a zero where those of an operand at the same indices are zeros.
  ///
  /// Indices that the operator does not keep apart tell nothing.
  func carried(from position: Int, to result: Int = 0) -> ZeroPlaces {
    guard has(position), let source = zeros[position], !source.isEmpty,
      result < map.outputs.count, let after = map.outputs[result],
      position < map.inputs.count, let before = map.inputs[position], before.count == source.axes.count
    else { return none(result) }
    return ZeroPlaces(axes: after.map { places(along: $0, source, before) }, isWhole: source.isWhole)
  }

  private func places(along axis: AxisMap.Axis, _ source: ZeroPlaces, _ before: [AxisMap.Axis]) -> [Bool]? {
    guard let extent = map.extent(of: axis).known, extent <= Self.mostPlaces else { return nil }
    var result: [Bool] = []
    for segment in axis {
      let layout = ZeroLayout(segment, map)
      let apart = segment.filter { map.atoms[$0].role == .carried }
      var flags = [Bool](repeating: source.isWhole, count: layout.count)
      for (position, parts) in before.enumerated() {
        let shared = apart.filter { atom in parts.contains { $0.contains(atom) } }
        guard let own = source.axes[position], !shared.isEmpty, let known = projected(own, parts, onto: shared) else {
          continue
        }
        for place in flags.indices where !flags[place] {
          flags[place] = known[layout.index(of: place, onto: shared, map)]
        }
      }
      result += flags
    }
    return result
  }

  /// For each combination of indices of atoms, whether all places of an axis that have it hold zeros.
  private func projected(_ own: [Bool], _ parts: AxisMap.Axis, onto atoms: [Int]) -> [Bool]? {
    let count = ZeroLayout(atoms, map).count
    var (isZero, isMet) = ([Bool](repeating: true, count: count), [Bool](repeating: false, count: count))
    var start = 0
    for part in parts {
      let layout = ZeroLayout(part, map)
      guard start + layout.count <= own.count else { return nil }
      let shared = atoms.filter { part.contains($0) }
      guard shared.isEmpty || shared.count == atoms.count else { return nil }
      if !shared.isEmpty {
        for place in 0..<layout.count {
          let index = layout.index(of: place, onto: atoms, map)
          isMet[index] = true
          if !own[start + place] { isZero[index] = false }
        }
      }
      start += layout.count
    }
    return zip(isZero, isMet).map { $0 && $1 }
  }
}

/// A product of atoms whose extents are numbers, the first outermost.
private struct ZeroLayout {
  private let atoms: [Int]
  private let strides: [Int]
  let count: Int

  init(_ atoms: [Int], _ map: AxisMap) {
    self.atoms = atoms
    var (strides, product) = ([Int](repeating: 1, count: atoms.count), 1)
    for position in atoms.indices.reversed() {
      strides[position] = product
      product *= map.atoms[atoms[position]].extent.known ?? 0
    }
    (self.strides, count) = (strides, product)
  }

  /// The place among other atoms, all of which are in this product, that a place has.
  func index(of place: Int, onto others: [Int], _ map: AxisMap) -> Int {
    others.reduce(0) { index, atom in
      guard let position = atoms.firstIndex(of: atom), let extent = map.atoms[atom].extent.known else { return index }
      return index * extent + place / strides[position] % extent
    }
  }
}
