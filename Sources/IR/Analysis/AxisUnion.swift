import LatheTensors

/// Index spaces that are joined, and taken apart where one operator sees whole what another sees in parts.
///
/// An atom is free, or the same as another, or a product or a concatenation of others. Each atom is bound once, so that the work is about
/// linear in the axes that are joined.
struct AxisUnion {
  typealias Axis = AxisMap.Axis

  /// Most parts in which an axis is followed; concatenating a value with itself again and again would double them each time.
  static let mostParts = 1024

  private var extents: [Dimension] = []
  /// What an atom is made of; nil for a free one.
  private var forms: [Axis?] = []

  /// A free atom.
  mutating func atom(_ extent: Dimension) -> Int {
    extents.append(extent)
    forms.append(nil)
    return extents.count - 1
  }

  /// Free atoms; the number of the first.
  mutating func add(_ extents: [Dimension]) -> Int {
    let first = self.extents.count
    for extent in extents { _ = atom(extent) }
    return first
  }

  /// The extent as far as it was told when the atom was made or bound.
  func extent(of atom: Int) -> Dimension { extents[atom] }

  /// The extent of segments side by side.
  func extent(of axis: Axis) -> Dimension { axis.reduce(.known(0)) { $0 + extent(of: $1) } }

  private func extent(of segment: some Sequence<Int>) -> Dimension { segment.reduce(.known(1)) { $0 * extents[$1] } }

  /// The axis in free atoms, and atoms that are concatenations where those are not the first of a product; nil beyond `mostParts`.
  ///
  /// Products of a concatenation and others are concatenations of products. Atoms of extent 1 are left out.
  mutating func resolved(_ axis: Axis) -> Axis? {
    if axis.count == 1, axis[0].count == 1, forms[axis[0][0]] == nil, extents[axis[0][0]] != 1 { return axis }
    var result: Axis = []
    var waiting: [[Int]] = axis.reversed().map { $0.reversed() }
    next: while var rest = waiting.popLast() {
      var done: [Int] = []
      while let last = rest.popLast() {
        let atom = root(last)
        guard let form = forms[atom] else {
          if extents[atom] != 1 { done.append(atom) }
          continue
        }
        if form.count == 1 {
          rest.append(contentsOf: form[0].reversed())
        } else if done.isEmpty {
          for segment in form.reversed() { waiting.append(rest + segment.reversed()) }
          guard waiting.count < Self.mostParts else { return nil }
          continue next
        } else {
          done.append(atom)
        }
        guard rest.count + done.count < Self.mostParts else { return nil }
      }
      result.append(done)
      guard result.count < Self.mostParts else { return nil }
    }
    return result
  }

  /// Whether the atom is not made of others.
  func isFree(_ atom: Int) -> Bool { forms[atom] == nil }

  /// What an atom that is no free one, but stands in a resolved axis, is a concatenation of.
  mutating func segments(of atom: Int) -> Axis? { forms[atom].flatMap { resolved($0) } }

  /// Whether the axis, and what it is a concatenation of, stay within `mostParts`.
  mutating func isResolvable(_ axis: Axis) -> Bool {
    guard let parts = resolved(axis) else { return false }
    return parts.joined().allSatisfy { atom in forms[atom].map { isResolvable($0) } ?? true }
  }

  /// The free atoms that the atoms are made of, each once.
  func leaves(of atoms: some Sequence<Int>) -> [Int] {
    var found: [Int] = []
    var seen: Set<Int> = []
    var waiting = Array(atoms.reversed())
    while let atom = waiting.popLast() {
      guard seen.insert(atom).inserted else { continue }
      if let form = forms[atom] {
        waiting.append(contentsOf: form.joined().reversed())
      } else {
        found.append(atom)
      }
    }
    return found
  }

  private mutating func root(_ atom: Int) -> Int {
    var end = atom
    while let next = alias(of: end) { end = next }
    var current = atom
    while let next = alias(of: current), next != end {
      forms[current] = [[end]]
      current = next
    }
    return end
  }

  private func alias(of atom: Int) -> Int? {
    guard let form = forms[atom], form.count == 1, form[0].count == 1 else { return nil }
    return form[0][0]
  }

  /// Makes two axes one; false if their parts do not fit, in which case some of them may be joined already.
  mutating func join(_ a: Axis, _ b: Axis) -> Bool {
    var pairs = [(a, b)]
    while let (a, b) = pairs.popLast() {
      guard let left = resolved(a), let right = resolved(b) else { return false }
      guard left != right else { continue }
      // What is newer is bound to what was there before, so that chains stay short.
      if let bound = bind(right, to: left) ?? bind(left, to: right) {
        guard bound else { return false }
        continue
      }
      guard joinSegments(left, right, &pairs) else { return false }
    }
    return true
  }

  /// Binds the only atom of an axis, if it is free, to what the other is made of; nil if it is no such axis.
  private mutating func bind(_ axis: Axis, to other: Axis) -> Bool? {
    guard axis.count == 1, axis[0].count == 1, forms[axis[0][0]] == nil else { return nil }
    let atom = axis[0][0]
    let extent = extent(of: other)
    guard !extents[atom].isProvablyDifferent(from: extent), !leaves(of: other.joined()).contains(atom) else { return false }
    if other.count == 1, other[0].count == 1, extent.known == nil, extents[atom] != .unknown { extents[other[0][0]] = extents[atom] }
    forms[atom] = other
    return true
  }

  /// Walks along both axes; a segment that is longer than its counterpart is cut at the end of that.
  private mutating func joinSegments(_ a: Axis, _ b: Axis, _ pairs: inout [(Axis, Axis)]) -> Bool {
    var (left, right): (Axis, Axis) = (a.reversed(), b.reversed())
    while true {
      guard takeFirst(&left), takeFirst(&right) else { return false }
      guard let one = left.popLast(), let other = right.popLast() else { return left.isEmpty && right.isEmpty }
      let (extent, otherExtent) = (extent(of: one), extent(of: other))
      if extent.isProvablyEqual(to: otherExtent) || left.isEmpty && right.isEmpty {
        guard joinProducts(one, other, &pairs) else { return false }
      } else if let length = extent.known, let otherLength = otherExtent.known {
        let (short, long) = length < otherLength ? (one, other) : (other, one)
        guard let (head, tail) = split(long, at: min(length, otherLength)) else { return false }
        if length < otherLength { right.append(tail) } else { left.append(tail) }
        guard joinProducts(short, head, &pairs) else { return false }
      } else {
        return false
      }
    }
  }

  /// Resolves the next segment, which may be several by now, and drops those without indices.
  private mutating func takeFirst(_ segments: inout Axis) -> Bool {
    while let next = segments.popLast() {
      guard let resolved = resolved([next]) else { return false }
      segments.append(contentsOf: resolved.reversed().filter { extent(of: $0) != 0 })
      guard segments.count < Self.mostParts else { return false }
      if resolved.contains(where: { extent(of: $0) != 0 }) { return true }
    }
    return true
  }

  /// Cuts a product in two, which its first factor allows where the place is a multiple of the others.
  private mutating func split(_ segment: [Int], at place: Int) -> (head: [Int], tail: [Int])? {
    guard let first = segment.first, forms[first] == nil, let whole = extents[first].known,
      let inner = extent(of: segment.dropFirst()).known, inner > 0, place % inner == 0
    else { return nil }
    let (head, tail) = (atom(.known(place / inner)), atom(.known(whole - place / inner)))
    forms[first] = [[head], [tail]]
    return ([head] + segment.dropFirst(), [tail] + segment.dropFirst())
  }

  /// Walks along the factors of both products; a factor that is a multiple of its counterpart is taken apart.
  private mutating func joinProducts(_ a: [Int], _ b: [Int], _ pairs: inout [(Axis, Axis)]) -> Bool {
    var (left, right): ([Int], [Int]) = (a.reversed(), b.reversed())
    while true {
      takeFactor(&left)
      takeFactor(&right)
      guard let one = left.last, let other = right.last else { return left.isEmpty && right.isEmpty }
      if let bound = bindLast(&left, to: &right) ?? bindLast(&right, to: &left) {
        guard bound else { return false }
        continue
      }
      if one == other || extents[one].isProvablyEqual(to: extents[other]) || left.count == 1 && right.count == 1 {
        left.removeLast()
        right.removeLast()
        guard one != other else { continue }
        if let bound = bind([[one]], to: [[other]]) ?? bind([[other]], to: [[one]]) {
          guard bound else { return false }
        } else {
          pairs.append((forms[one] ?? [[one]], forms[other] ?? [[other]]))
        }
      } else {
        guard factor(&left, by: &right) || factor(&right, by: &left) else { return false }
      }
    }
  }

  /// Puts what the next factor is made of in its place, as far as that is a product.
  private mutating func takeFactor(_ product: inout [Int]) {
    while let last = product.popLast() {
      let atom = root(last)
      if let form = forms[atom], form.count == 1 {
        product.append(contentsOf: form[0].reversed())
      } else if forms[atom] != nil || extents[atom] != 1 {
        return product.append(atom)
      }
    }
  }

  /// Binds the last factor of one product, if it is free, to all that is left of the other; nil if there are more, or it is not free.
  private mutating func bindLast(_ product: inout [Int], to other: inout [Int]) -> Bool? {
    guard product.count == 1, other.count > 1 else { return nil }
    let result = bind([product], to: [other.reversed()])
    if result == true { (product, other) = ([], []) }
    return result
  }

  /// Takes a free factor apart into its counterpart and a rest.
  private mutating func factor(_ product: inout [Int], by other: inout [Int]) -> Bool {
    guard let long = product.last, let short = other.last, forms[long] == nil, extents[long] != 0, extents[short] != 0,
      let rest = extents[long].exactlyDivided(by: extents[short]), !leaves(of: [short]).contains(long)
    else { return false }
    let remainder = atom(rest)
    forms[long] = [[short, remainder]]
    product[product.count - 1] = remainder
    other.removeLast()
    return true
  }
}
