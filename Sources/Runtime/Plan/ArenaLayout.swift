/// Places blocks with lifetimes in as little memory as a simple rule finds: the largest first, each into the tightest gap that is free while it lives.
///
/// After Pisarchyk and Lee (2020), "Efficient memory management for deep neural net inference", greedy by size.
package struct ArenaLayout {
  /// Bytes that must not be shared while two blocks live at once.
  package struct Block {
    package let size: Int
    /// Steps from the one that writes it first to the last that reads it.
    package let lifetime: ClosedRange<Int>

    package init(size: Int, lifetime: ClosedRange<Int>) {
      self.size = size
      self.lifetime = lifetime
    }
  }

  package static let alignment = 64

  /// Bytes from the start, for each block.
  package private(set) var offsets: [Int]
  /// Bytes of all.
  package private(set) var size = 0

  package init(_ blocks: [Block]) {
    offsets = Array(repeating: 0, count: blocks.count)
    let order = blocks.indices.sorted { (blocks[$0].size, $1) > (blocks[$1].size, $0) }
    var placed: [Int] = []
    for index in order where blocks[index].size > 0 {
      let size = Self.aligned(blocks[index].size)
      offsets[index] = gap(for: size, beside: placed.filter { blocks[$0].lifetime.overlaps(blocks[index].lifetime) }, blocks)
      self.size = max(self.size, offsets[index] + size)
      let end = placed.firstIndex { offsets[$0] > offsets[index] } ?? placed.count
      placed.insert(index, at: end)
    }
  }

  /// The start of the tightest gap between blocks in the order of their offsets, or behind them all.
  private func gap(for size: Int, beside neighbours: [Int], _ blocks: [Block]) -> Int {
    var (best, tightest, end) = (-1, Int.max, 0)
    for neighbour in neighbours {
      let room = offsets[neighbour] - end
      if room >= size, room < tightest { (best, tightest) = (end, room) }
      end = max(end, offsets[neighbour] + Self.aligned(blocks[neighbour].size))
    }
    return best >= 0 ? best : end
  }

  private static func aligned(_ size: Int) -> Int { (size + alignment - 1) / alignment * alignment }
}
