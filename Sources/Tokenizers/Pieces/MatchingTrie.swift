/// The vocabulary as a trie over UTF-8 with failure links, which finds the greedy longest match of a word in time
/// linear in its bytes (LinMaxMatch; Song, Salcianu, Song, Dopson and Zhou, "Fast WordPiece Tokenization", EMNLP 2021).
///
/// When the walk cannot go on from a node, the tokens that the node has already committed to (its *pops*) are emitted
/// and the walk goes on from its *failure* node, whose text is what remains of the node's text behind these tokens.
struct MatchingTrie: Sendable {
  private let transitions: DoubleArray
  /// By slot.
  private var exits: [Exit]
  /// Lists of tokens linked from the last to the first, so that lists with a common start share it.
  private var cells: [Cell] = []

  /// What becomes of a walk that cannot go on.
  struct Exit {
    /// The slot of the failure node, or -1 if there is none.
    var failure: Int32 = -1
    /// The pop if it is one token; -1 if there is none, and less for a list of them, whose last cell is at -2 minus this.
    var pops: Int32 = -1
  }

  struct Cell {
    var token: Int32
    /// The pops before this one, as in `Exit`.
    var previous: Int32
  }

  /// Nil when the pieces of `selection` need more nodes than there can be.
  init?(_ vocabulary: Vocabulary, _ selection: PieceSelection) {
    let tree = TokenTree(vocabulary, selection, maximumNodes: DoubleArray.maximumNodes)
    var slots: [Int] = []
    guard let tree, let transitions = DoubleArray(tree, slots: &slots) else { return nil }
    self.transitions = transitions
    exits = Array(repeating: Exit(), count: transitions.entries.count)
    link(tree, slots)
  }

  /// Calls `body` with what follows words through this trie.
  func withWalker<R>(_ body: (TrieWalker) -> R) -> R {
    transitions.entries.withUnsafeBufferPointer { entries in
      exits.withUnsafeBufferPointer { exits in
        cells.withUnsafeBufferPointer { cells in
          body(TrieWalker(entries: entries, exits: exits, cells: cells))
        }
      }
    }
  }
}

// Construction.
extension MatchingTrie {
  /// Sets the exits, from the roots down, since those of a node follow from those of shorter texts.
  private mutating func link(_ tree: TokenTree, _ slots: [Int]) {
    for index in tree.orderedByDepth() {
      let node = tree.nodes[index]
      guard node.depth > 0 else { continue }
      if node.token >= 0 {
        exits[slots[index]] = Exit(failure: Int32(TokenTree.continuingRoot), pops: node.token)
        continue
      }
      var exit = exits[slots[Int(node.parent)]]
      while exit.failure >= 0 {
        if let next = transitions.child(of: Int(exit.failure), node.byte) {
          exits[slots[index]] = Exit(failure: Int32(truncatingIfNeeded: next), pops: exit.pops)
          break
        }
        let further = exits[Int(exit.failure)]
        guard further.failure >= 0 else { break }
        for token in tokens(of: further.pops) { exit.pops = list(exit.pops, token) }
        exit.failure = further.failure
      }
    }
  }

  private func tokens(of pops: Int32) -> [Int32] {
    var ids = IDBuffer()
    defer { ids.deallocate() }
    withWalker { $0.append(pops, to: &ids) }
    return Array(ids.ids)
  }

  /// The list `pops` with `token` behind it.
  private mutating func list(_ pops: Int32, _ token: Int32) -> Int32 {
    guard pops != -1 else { return token }
    cells.append(Cell(token: token, previous: pops))
    return -1 - Int32(clamping: cells.count)
  }
}
