/// Follows words through a `MatchingTrie`, byte by byte, by pointers that are good as long as the trie lends them.
///
/// Pieces are given out as soon as they are certain; those of a word that turns out to be unknown have to be dropped again.
struct TrieWalker {
  /// Where every word begins.
  static let start = TokenTree.startingRoot

  let entries: UnsafeBufferPointer<UInt32>
  let exits: UnsafeBufferPointer<MatchingTrie.Exit>
  let cells: UnsafeBufferPointer<MatchingTrie.Cell>

  /// Where `byte` leads from `slot`.
  @inline(__always)
  func step(from slot: Int, _ byte: UInt8, _ ids: inout IDBuffer) -> Int {
    DoubleArray.child(of: slot, byte, in: entries) ?? retreat(from: slot, byte, &ids)
  }

  /// Ends a word at `slot`; false if the vocabulary cannot spell it.
  @inline(__always)
  func finish(from slot: Int, _ ids: inout IDBuffer) -> Bool {
    var slot = slot
    while slot != TokenTree.continuingRoot {
      guard let rest = pop(slot, &ids) else { return false }
      slot = rest
    }
    return true
  }

  /// Goes back until `byte` leads on.
  @inline(never)
  func retreat(from slot: Int, _ byte: UInt8, _ ids: inout IDBuffer) -> Int {
    var slot = slot
    while let rest = pop(slot, &ids) {
      if let next = DoubleArray.child(of: rest, byte, in: entries) { return next }
      slot = rest
    }
    return TokenTree.deadEnd
  }

  @inline(__always)
  private func pop(_ slot: Int, _ ids: inout IDBuffer) -> Int? {
    let exit = exits[slot]
    guard exit.failure >= 0 else { return nil }
    if exit.pops >= 0 { ids.append(exit.pops) } else { append(exit.pops, to: &ids) }
    return Int(exit.failure)
  }

  /// Appends the list `pops` in order.
  @inline(never)
  func append(_ pops: Int32, to ids: inout IDBuffer) {
    let start = ids.count
    var pops = pops
    while pops < -1 {
      let cell = cells[Int(-2 - pops)]
      ids.append(cell.token)
      pops = cell.previous
    }
    if pops >= 0 { ids.append(pops) }
    ids.reverse(from: start)
  }
}
