/// The transitions of a tree in one array (Aoe, "An efficient digital search algorithm by using a double-array structure",
/// 1989): the child of a node by a byte lies at the node's base plus the byte, if what lies there bears that byte.
///
/// No two nodes with children have the same base, so a byte is enough to tell whose child an entry is.
struct DoubleArray: Sendable {
  /// Bases have 23 bits in an entry.
  static let maximumNodes = 1 << 23
  /// How many places are tried for the children of a node before they go behind all others.
  private static let maximumTries = 64

  /// By slot the base, 0 where nothing follows, above nine bits for the byte plus 1, which are 0 in a free slot.
  private(set) var entries: [UInt32]

  /// The child of the node at `slot` by `byte`.
  func child(of slot: Int, _ byte: UInt8) -> Int? {
    entries.withUnsafeBufferPointer { Self.child(of: slot, byte, in: $0) }
  }

  /// The child of the node at `slot` by `byte`, with the entries at hand.
  @inline(__always)
  static func child(of slot: Int, _ byte: UInt8, in entries: UnsafeBufferPointer<UInt32>) -> Int? {
    let child = Int(truncatingIfNeeded: entries[slot] >> 9) &+ Int(byte)
    return entries[child] & 0x1FF == UInt32(byte) + 1 ? child : nil
  }

  /// Lays out `tree`, whose first three nodes keep their numbers, and says in `slots` where each node went; nil if it does not fit.
  init?(_ tree: TokenTree, slots: inout [Int]) {
    var room = DoubleArrayRoom()
    var bases = Array(repeating: 0, count: tree.nodes.count)
    var counts = bases
    for node in tree.nodes.dropFirst(3) { counts[Int(node.parent)] += 1 }
    // Nodes with many children first: single ones fill the gaps that they leave.
    let order = TokenTree.order(bases.count) { 256 - min(counts[$0], 256) }
    var start = 0
    var count = 0
    for node in order where counts[node] > 0 {
      if counts[node] != count { start = 0 }
      count = counts[node]
      var children = ByteSet()
      tree.forEachChild(of: node) { children.insert($0) }
      bases[node] = room.place(children, from: &start, tries: Self.maximumTries)
    }
    guard room.end < Self.maximumNodes else { return nil }
    entries = Array(repeating: 0, count: room.end + 512)
    slots = Array(0..<tree.nodes.count)
    for (node, value) in tree.nodes.enumerated() {
      if node > TokenTree.deadEnd { slots[node] = bases[Int(value.parent)] + Int(value.byte) }
      let label = node > TokenTree.deadEnd ? UInt32(value.byte) + 1 : 0
      entries[slots[node]] = UInt32(truncatingIfNeeded: bases[node]) << 9 | label
    }
  }
}

/// A set of bytes.
struct ByteSet {
  private(set) var words = SIMD4<UInt64>()
  private(set) var first: UInt8 = 255

  mutating func insert(_ byte: UInt8) {
    words[Int(byte) >> 6] |= 1 << UInt64(byte & 63)
    first = min(first, byte)
  }
}

/// Which slots and bases of a double array are taken while it is laid out.
struct DoubleArrayRoom {
  /// A bit a slot; the first three are taken by the tree's first nodes.
  private var taken: [UInt64] = [7, 0, 0, 0, 0]
  /// A bit a base; 0 is for nodes without children.
  private var bases: [UInt64] = [1, 0, 0, 0, 0]
  /// Slots from here on are free.
  private(set) var end = 3

  /// A base of its own for a node with `children`, whose slots are taken; the search begins at the slot `start` and leaves it where it ended.
  mutating func place(_ children: ByteSet, from start: inout Int, tries: Int) -> Int {
    let first = Int(children.first)
    for _ in 0..<tries {
      start = nextFree(max(start, first + 1))
      let base = start - first
      start += 1
      if !isUsed(base), isFree(children, at: base) { return take(children, at: base) }
    }
    var base = max(end - first, 1)
    while isUsed(base) { base += 1 }
    return take(children, at: base)
  }

  private func nextFree(_ slot: Int) -> Int {
    var word = slot >> 6
    guard word < taken.count else { return slot }
    var free = ~taken[word] & (~0 << UInt64(slot & 63))
    while free == 0 {
      word += 1
      guard word < taken.count else { return word << 6 }
      free = ~taken[word]
    }
    return word << 6 + free.trailingZeroBitCount
  }

  private func isUsed(_ base: Int) -> Bool {
    base >> 6 < bases.count && bases[base >> 6] >> UInt64(base & 63) & 1 == 1
  }

  private func isFree(_ children: ByteSet, at base: Int) -> Bool {
    (0..<4).allSatisfy { children.words[$0] & window(base, $0) == 0 }
  }

  /// The bits of 64 slots from `base` + 64 · `part` on.
  private func window(_ base: Int, _ part: Int) -> UInt64 {
    let word = base >> 6 + part
    let shift = UInt64(base & 63)
    let low = word < taken.count ? taken[word] : 0
    let high = word + 1 < taken.count ? taken[word + 1] : 0
    return low >> shift | high << (64 - shift)
  }

  private mutating func take(_ children: ByteSet, at base: Int) -> Int {
    let words = base >> 6 + 5
    if words > taken.count {
      // Both lists grow in step.
      let more = Array(repeating: 0 as UInt64, count: max(words - taken.count, taken.count))
      taken += more
      bases += more
    }
    bases[base >> 6] |= 1 << UInt64(base & 63)
    let shift = UInt64(base & 63)
    for part in 0..<4 {
      let bits = children.words[part]
      taken[base >> 6 + part] |= bits << shift
      taken[base >> 6 + part + 1] |= bits >> (64 - shift)
      if bits != 0 { end = max(end, base + 64 * part + 64 - bits.leadingZeroBitCount) }
    }
    return base
  }
}
