/// The vocabulary as a trie over UTF-8 with failure links, which finds the greedy longest match of a word in time
/// linear in its bytes (LinMaxMatch; Song, Salcianu, Song, Dopson and Zhou, "Fast WordPiece Tokenization", EMNLP 2021).
///
/// When the walk cannot go on from a node, the tokens that the node has already committed to (its *pops*) are emitted
/// and the walk goes on from its *failure* node, whose text is what remains of the node's text behind these tokens.
struct MatchingTrie: Sendable {
  /// More nodes do not fit the transition table's slots.
  static let maximumNodes = 1 << 24

  /// Below it are the tokens that continue a word.
  private static let continuingRoot = 0
  /// Below it are the tokens that start a word.
  private static let startingRoot = 1
  private static let none: Int32 = -1

  /// Open addressing; a slot holds node, byte and child in 24, 8 and 24 bits (child 0, a root, marks an empty slot).
  private var slots: [UInt64]
  private var usedSlots = 0
  private var failures: [Int32] = []
  /// For each node its last pop, an index into `cells`.
  private var pops: [Int32] = []
  /// Lists of tokens linked from the last to the first, so that lists with a common start share it.
  private var cells: [Cell] = []

  private struct Cell {
    var token: Int32
    var previous: Int32
  }

  private struct Node {
    var parent: Int32
    var token: Int32
    var depth: Int32
    var byte: UInt8
  }

  /// Nil when the tokens need more than `maximumNodes`.
  ///
  /// - Parameter maximumScalars: Longer tokens are left out, since longer words are never looked up.
  init?(_ vocabulary: Vocabulary, prefix: String, maximumScalars: Int) {
    slots = Array(repeating: 0, count: 1 << (Int.bitWidth - vocabulary.bytes.count.leadingZeroBitCount))
    var nodes = Array(repeating: Node(parent: 0, token: Self.none, depth: 0, byte: 0), count: 2)
    let prefixStartsWord = !(prefix.unicodeScalars.first.map(UnicodeRules.isPunctuation) ?? false)
    for (id, token) in vocabulary.tokens.enumerated() {
      let bytes = token.utf8
      let isContinuing = bytes.starts(with: prefix.utf8)
      let length = bytes.count > maximumScalars ? token.unicodeScalars.count : bytes.count
      if isContinuing, length - prefix.unicodeScalars.count <= maximumScalars {
        insert(bytes.dropFirst(prefix.utf8.count), Int32(clamping: id), below: Self.continuingRoot, &nodes)
      }
      if prefixStartsWord || !isContinuing, length <= maximumScalars {
        insert(bytes[...], Int32(clamping: id), below: Self.startingRoot, &nodes)
      }
      guard nodes.count <= Self.maximumNodes else { return nil }
    }
    link(nodes)
  }

  /// Appends the pieces of `word`, which is not empty, to `ids`; false if the vocabulary cannot spell it, and then
  /// `ids` may have some pieces too many.
  func match(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) -> Bool {
    var node = Self.startingRoot
    for byte in word {
      while true {
        let next = child(of: node, byte)
        if next > 0 {
          node = next
          break
        }
        guard let rest = pop(node, into: &ids) else { return false }
        node = rest
      }
    }
    while node != Self.continuingRoot {
      guard let rest = pop(node, into: &ids) else { return false }
      node = rest
    }
    return true
  }

  private func pop(_ node: Int, into ids: inout [Int32]) -> Int? {
    let failure = failures[node]
    guard failure >= 0 else { return nil }
    let start = ids.count
    var cell = Int(pops[node])
    while cell >= 0 {
      ids.append(cells[cell].token)
      cell = Int(cells[cell].previous)
    }
    if ids.count - start > 1 { ids[start...].reverse() }
    return Int(failure)
  }
}

// The transition table.
extension MatchingTrie {
  private static func key(_ node: Int, _ byte: UInt8) -> UInt64 {
    UInt64(truncatingIfNeeded: node) << 8 | UInt64(byte)
  }

  private func place(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & (slots.count - 1)
  }

  /// The child of `node` by `byte`, or 0.
  @inline(__always)
  private func child(of node: Int, _ byte: UInt8) -> Int {
    let key = Self.key(node, byte)
    var place = place(key)
    while true {
      let slot = slots[place]
      if slot == 0 { return 0 }
      if slot >> 24 == key { return Int(truncatingIfNeeded: slot & 0xFF_FFFF) }
      place = (place + 1) & (slots.count - 1)
    }
  }

  private mutating func setChild(of node: Int, _ byte: UInt8, to child: Int) {
    if usedSlots * 2 >= slots.count { grow() }
    store(Self.key(node, byte) << 24 | UInt64(truncatingIfNeeded: child))
    usedSlots += 1
  }

  private mutating func store(_ slot: UInt64) {
    var place = place(slot >> 24)
    while slots[place] != 0 { place = (place + 1) & (slots.count - 1) }
    slots[place] = slot
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: 0, count: old.count * 2)
    for slot in old where slot != 0 { store(slot) }
  }
}

// Construction.
extension MatchingTrie {
  private mutating func insert(_ bytes: Substring.UTF8View, _ id: Int32, below root: Int, _ nodes: inout [Node]) {
    guard !bytes.isEmpty else { return }
    var node = root
    for byte in bytes {
      var next = child(of: node, byte)
      if next == 0 {
        next = nodes.count
        nodes.append(
          Node(parent: Int32(clamping: node), token: Self.none, depth: nodes[node].depth + 1, byte: byte))
        if next < Self.maximumNodes { setChild(of: node, byte, to: next) }
      }
      node = next
    }
    nodes[node].token = id
  }

  /// Sets failures and pops, from the roots down, since those of a node follow from those of shorter texts.
  private mutating func link(_ nodes: [Node]) {
    failures = Array(repeating: Self.none, count: nodes.count)
    pops = Array(repeating: Self.none, count: nodes.count)
    for index in Self.orderedByDepth(nodes) where nodes[index].depth > 0 {
      let node = nodes[index]
      if node.token >= 0 {
        failures[index] = Int32(Self.continuingRoot)
        pops[index] = append(node.token, to: Self.none)
        continue
      }
      var failure = failures[Int(node.parent)]
      var list = pops[Int(node.parent)]
      while failure >= 0 {
        let next = child(of: Int(failure), node.byte)
        if next > 0 {
          failures[index] = Int32(truncatingIfNeeded: next)
          pops[index] = list
          break
        }
        list = append(listAt: pops[Int(failure)], to: list)
        failure = failures[Int(failure)]
      }
    }
  }

  private mutating func append(_ token: Int32, to list: Int32) -> Int32 {
    cells.append(Cell(token: token, previous: list))
    return Int32(clamping: cells.count - 1)
  }

  private mutating func append(listAt other: Int32, to list: Int32) -> Int32 {
    var tokens: [Int32] = []
    var cell = Int(other)
    while cell >= 0 {
      tokens.append(cells[cell].token)
      cell = Int(cells[cell].previous)
    }
    return tokens.reversed().reduce(list) { append($1, to: $0) }
  }

  private static func orderedByDepth(_ nodes: [Node]) -> [Int] {
    var starts = Array(repeating: 0, count: Int(nodes.lazy.map(\.depth).max() ?? 0) + 2)
    for node in nodes { starts[Int(node.depth) + 1] += 1 }
    for depth in starts.indices.dropFirst() { starts[depth] += starts[depth - 1] }
    var order = Array(repeating: 0, count: nodes.count)
    for (index, node) in nodes.enumerated() {
      order[starts[Int(node.depth)]] = index
      starts[Int(node.depth)] += 1
    }
    return order
  }
}
