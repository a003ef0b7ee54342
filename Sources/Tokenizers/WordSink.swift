/// Takes what basic tokenization finds, in order.
protocol WordSink {
  /// Whether nothing more is wanted.
  var isFull: Bool { get }

  /// Takes a word: its UTF-8, never empty, and how many scalars it has.
  mutating func take(word: UnsafeBufferPointer<UInt8>, scalarCount: Int)

  /// Takes a special token that stands in the text.
  mutating func take(special id: Int32, _ token: String)
}

/// Turns words into the ids of their pieces.
struct PieceSink: WordSink {
  let trie: MatchingTrie
  let unknown: Int32
  let maximumScalars: Int
  let limit: Int
  var ids: [Int32] = []

  var isFull: Bool { ids.count >= limit }

  mutating func take(word: UnsafeBufferPointer<UInt8>, scalarCount: Int) {
    let start = ids.count
    if scalarCount <= maximumScalars, trie.match(word, into: &ids) { return }
    ids.removeSubrange(start...)
    ids.append(unknown)
  }

  mutating func take(special id: Int32, _ token: String) {
    ids.append(id)
  }
}

/// Keeps the words themselves.
struct TextSink: WordSink {
  var words: [String] = []

  var isFull: Bool { false }

  mutating func take(word: UnsafeBufferPointer<UInt8>, scalarCount: Int) {
    words.append(String(decoding: word, as: UTF8.self))
  }

  mutating func take(special id: Int32, _ token: String) {
    words.append(token)
  }
}
