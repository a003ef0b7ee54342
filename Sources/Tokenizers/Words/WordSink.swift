/// Takes what basic tokenization finds, in order.
protocol WordSink {
  /// Whether nothing more is wanted; asked only between words.
  var isFull: Bool { get }

  /// Takes the letters that `text` has from `offset` on, as `kinds` folds them, into the word, and returns where they end.
  mutating func append(
    lettersOf text: UnsafeBufferPointer<UInt8>, from offset: Int, _ kinds: UnsafeBufferPointer<ByteKind>
  ) -> Int

  /// Takes the next scalar of the word.
  mutating func append(_ value: UInt32)

  /// Ends the word, if one has begun.
  mutating func endWord()

  /// Takes a special token that stands in the text.
  mutating func take(special id: Int32, _ token: String)
}

/// Keeps the words themselves.
struct TextSink: WordSink {
  private var word: [UInt8] = []
  private(set) var words: [String] = []

  var isFull: Bool { false }

  mutating func append(
    lettersOf text: UnsafeBufferPointer<UInt8>, from offset: Int, _ kinds: UnsafeBufferPointer<ByteKind>
  ) -> Int {
    var next = offset
    while next < text.count, kinds[Int(text[next])].isLetter {
      word.append(kinds[Int(text[next])].folded)
      next += 1
    }
    return next
  }

  mutating func append(_ value: UInt32) {
    UTF8Bytes.forEach(of: value) { word.append($0) }
  }

  mutating func endWord() {
    guard !word.isEmpty else { return }
    words.append(String(decoding: word, as: UTF8.self))
    word.removeAll(keepingCapacity: true)
  }

  mutating func take(special id: Int32, _ token: String) {
    words.append(token)
  }
}
