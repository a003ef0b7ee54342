/// The tokens of a vocabulary as a tree of their bytes, as it grows; `DoubleArray` makes it quick to walk.
struct TokenTree {
  /// Below it are the tokens that continue a word.
  static let continuingRoot = 0
  /// Below it are the tokens that start a word.
  static let startingRoot = 1
  /// Nothing is below it, and nothing leads there.
  static let deadEnd = 2

  struct Node {
    var parent: Int32 = 0
    var firstChild: Int32 = 0
    /// The next child of the same parent, or 0.
    var sibling: Int32 = 0
    /// The token that ends here, or -1.
    var token: Int32 = -1
    var depth: Int32 = 0
    var byte: UInt8 = 0
  }

  /// Parents stand before their children.
  private(set) var nodes = [Node(), Node(), Node()]
  /// Open addressing: a node, a byte and the child in 24, 8 and 32 bits; 0 is an empty slot.
  private var slots: [UInt64]

  /// Nil when the pieces of `selection` need more than `maximumNodes`.
  init?(_ vocabulary: Vocabulary, _ selection: PieceSelection, maximumNodes: Int) {
    nodes.reserveCapacity(vocabulary.bytes.count / 2)
    slots = Array(repeating: 0, count: 1 << (Int.bitWidth - vocabulary.bytes.count.leadingZeroBitCount))
    vocabulary.forEachPiece(of: selection) { bytes, token, place in
      guard nodes.count <= maximumNodes else { return }
      var node = place == .starting ? Self.startingRoot : Self.continuingRoot
      for byte in bytes { node = child(of: node, byte) }
      nodes[node].token = token
    }
    guard nodes.count <= maximumNodes else { return nil }
    slots = []
  }

  /// The child of `node` by `byte`, made if there is none.
  private mutating func child(of node: Int, _ byte: UInt8) -> Int {
    let key = UInt64(truncatingIfNeeded: node) << 8 | UInt64(byte)
    let slot = slot(of: key)
    if slots[slot] != 0 { return Int(truncatingIfNeeded: slots[slot] & 0xFFFF_FFFF) }
    let child = nodes.count
    nodes.append(
      Node(parent: Int32(clamping: node), sibling: nodes[node].firstChild, depth: nodes[node].depth + 1, byte: byte))
    nodes[node].firstChild = Int32(clamping: child)
    slots[slot] = key << 32 | UInt64(truncatingIfNeeded: child)
    if nodes.count * 2 > slots.count { grow() }
    return child
  }

  /// The slot that has `key`, or else the free one for it.
  private func slot(of key: UInt64) -> Int {
    slots.withUnsafeBufferPointer { slots in
      var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & (slots.count - 1)
      while slots[slot] != 0, slots[slot] >> 32 != key { slot = (slot + 1) & (slots.count - 1) }
      return slot
    }
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: 0, count: old.count * 2)
    for entry in old where entry != 0 { slots[slot(of: entry >> 32)] = entry }
  }

  /// The bytes that lead on from `node`, the last one first.
  func forEachChild(of node: Int, _ body: (UInt8) -> Void) {
    var child = Int(nodes[node].firstChild)
    while child != 0 {
      body(nodes[child].byte)
      child = Int(nodes[child].sibling)
    }
  }

  /// All nodes, those of less depth first.
  func orderedByDepth() -> [Int] {
    Self.order(nodes.count, by: { Int(nodes[$0].depth) })
  }

  /// 0 ..< `count`, those with the least key first and otherwise in order.
  static func order(_ count: Int, by key: (Int) -> Int) -> [Int] {
    var starts: [Int] = []
    for index in 0..<count {
      let place = key(index) + 1
      if place >= starts.count { starts += Array(repeating: 0, count: place + 1 - starts.count) }
      starts[place] += 1
    }
    for place in starts.indices.dropFirst() { starts[place] += starts[place - 1] }
    var order = Array(repeating: 0, count: count)
    for index in 0..<count {
      order[starts[key(index)]] = index
      starts[key(index)] += 1
    }
    return order
  }
}
