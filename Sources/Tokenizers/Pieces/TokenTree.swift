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
  /// The roots' children by root and byte, of which there are too many to look through.
  private var first = Array(repeating: 0 as Int32, count: 512)

  /// Nil when the pieces of `selection` need more than `maximumNodes`.
  init?(_ vocabulary: Vocabulary, _ selection: PieceSelection, maximumNodes: Int) {
    nodes.reserveCapacity(vocabulary.bytes.count / 2)
    vocabulary.forEachPiece(of: selection) { bytes, token, place in
      guard nodes.count <= maximumNodes else { return }
      var node = child(ofRoot: place == .starting ? Self.startingRoot : Self.continuingRoot, bytes[0])
      for byte in bytes.dropFirst() { node = child(of: node, byte) }
      nodes[node].token = token
    }
    guard nodes.count <= maximumNodes else { return nil }
  }

  private mutating func child(ofRoot root: Int, _ byte: UInt8) -> Int {
    let place = root << 8 + Int(byte)
    if first[place] == 0 {
      first[place] = Int32(clamping: nodes.count)
      nodes.append(Node(parent: Int32(clamping: root), sibling: nodes[root].firstChild, depth: 1, byte: byte))
      nodes[root].firstChild = first[place]
    }
    return Int(first[place])
  }

  /// The child of `node` by `byte`, made behind the others if there is none: what is frequent tends to come early.
  private mutating func child(of node: Int, _ byte: UInt8) -> Int {
    var last = 0
    var child = Int(nodes[node].firstChild)
    while child != 0 {
      if nodes[child].byte == byte { return child }
      last = child
      child = Int(nodes[child].sibling)
    }
    child = nodes.count
    nodes.append(Node(parent: Int32(clamping: node), depth: nodes[node].depth + 1, byte: byte))
    if last == 0 { nodes[node].firstChild = Int32(clamping: child) } else { nodes[last].sibling = Int32(clamping: child) }
    return child
  }

  /// The bytes that lead on from `node`, falling behind the order in which they came.
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
