/// Turns words into the ids of their pieces.
struct PieceSink: WordSink {
  private let walker: TrieWalker
  private let unknown: Int32
  private let maximumScalars: Int
  private var limit = Int.max
  /// Where the walk stands.
  private var slot = TrieWalker.start
  private var scalarCount = 0
  /// How many ids there were when the word began.
  private var start = 0
  private(set) var ids = IDBuffer()

  /// Whoever makes one calls `deallocate`.
  init(_ walker: TrieWalker, unknown: Int32, maximumScalars: Int) {
    self.walker = walker
    self.unknown = unknown
    self.maximumScalars = maximumScalars
  }

  func deallocate() { ids.deallocate() }

  /// Begins a text of which `limit` ids are wanted.
  mutating func begin(limit: Int) {
    self.limit = limit
    ids.truncate(to: 0)
    start = 0
  }

  /// Ends the text with `id` behind the ids that are wanted.
  mutating func end(with id: Int32) {
    ids.truncate(to: limit)
    ids.append(id)
  }

  var isFull: Bool { start >= limit }

  @inline(__always)
  mutating func append(
    lettersOf text: UnsafeBufferPointer<UInt8>, from offset: Int, _ kinds: UnsafeBufferPointer<ByteKind>
  ) -> Int {
    let entries = walker.entries
    var slot = slot
    var next = offset
    while next < text.count {
      let kind = kinds[Int(text[next])]
      guard kind.isLetter else { break }
      slot = DoubleArray.child(of: slot, kind.folded, in: entries) ?? walker.retreat(from: slot, kind.folded, &ids)
      next += 1
    }
    self.slot = slot
    scalarCount += next - offset
    return next
  }

  @inline(__always)
  mutating func append(_ value: UInt32) {
    UTF8Bytes.forEach(of: value) { slot = walker.step(from: slot, $0, &ids) }
    scalarCount += 1
  }

  @inline(__always)
  mutating func endWord() {
    guard scalarCount > 0 else { return }
    if scalarCount > maximumScalars || !walker.finish(from: slot, &ids) {
      ids.truncate(to: start)
      ids.append(unknown)
    }
    slot = TrieWalker.start
    scalarCount = 0
    start = ids.count
  }

  mutating func take(special id: Int32, _ token: String) {
    ids.append(id)
    start = ids.count
  }
}
