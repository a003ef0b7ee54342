internal import Dispatch
import LatheDiagnostics
import Synchronization

extension WordPieceTokenizer {
  /// The ids of the pieces of `text`, without the special tokens that frame it.
  public func encode(_ text: String) -> [Int32] {
    withSink { pieces(of: text, &$0) }
  }

  /// The ids of `[CLS] text [SEP]`, of which the text loses its end if they are more than `maximumLength`.
  ///
  /// - Throws: when `maximumLength` has no room for the two special tokens.
  public func encode(_ text: String, maximumLength: Int) throws(Diagnostic) -> [Int32] {
    _ = try Self.room(in: maximumLength, besides: 2)
    return withSink { framed(text, maximumLength, &$0) }
  }

  /// The ids of `[CLS] first [SEP] second [SEP]`; if they are more than `maximumLength`, the longer text loses its end
  /// first, and both keep half when both are longer than that.
  ///
  /// - Throws: when `maximumLength` has no room for the three special tokens.
  public func encode(_ first: String, _ second: String, maximumLength: Int) throws(Diagnostic) -> EncodedPair {
    let room = try Self.room(in: maximumLength, besides: 3)
    let ids = withSink { (pieces(of: first, &$0), pieces(of: second, &$0)) }
    let kept = Self.longestFirst(ids.0.count, ids.1.count, room: room)
    let head = [classID] + ids.0.prefix(kept.0) + [separatorID]
    let tail = ids.1.prefix(kept.1) + [separatorID]
    let segments = Array(repeating: Int32(0), count: head.count) + Array(repeating: Int32(1), count: tail.count)
    return EncodedPair(ids: head + tail, segmentIDs: segments)
  }

  /// What `encode(_:)` gives for each of `texts`, on up to `threads` threads.
  public func encode(_ texts: [String], threads: Int = 1) -> [[Int32]] {
    map(texts, threads: threads) { pieces(of: $0, &$1) }
  }

  /// What `encode(_:maximumLength:)` gives for each of `texts`, on up to `threads` threads.
  ///
  /// - Throws: when `maximumLength` has no room for the two special tokens.
  public func encode(_ texts: [String], maximumLength: Int, threads: Int = 1) throws(Diagnostic) -> [[Int32]] {
    _ = try Self.room(in: maximumLength, besides: 2)
    return map(texts, threads: threads) { framed($0, maximumLength, &$1) }
  }

  private func pieces(of text: String, _ sink: inout PieceSink) -> [Int32] {
    sink.begin(limit: .max)
    basic.scan(text, into: &sink)
    return Array(sink.ids.ids)
  }

  private func framed(_ text: String, _ maximumLength: Int, _ sink: inout PieceSink) -> [Int32] {
    sink.begin(limit: maximumLength - 1)
    sink.take(special: classID, options.classToken)
    basic.scan(text, into: &sink)
    sink.end(with: separatorID)
    return Array(sink.ids.ids)
  }

  /// Calls `body` with a sink whose memory all its texts share.
  private func withSink<R>(_ body: (inout PieceSink) -> R) -> R {
    trie.withWalker { walker in
      var sink = PieceSink(walker, unknown: unknownID, maximumScalars: options.maximumInputCharactersPerWord)
      defer { sink.deallocate() }
      return body(&sink)
    }
  }

  private func map(
    _ texts: [String], threads: Int, _ encode: @Sendable (String, inout PieceSink) -> [Int32]
  ) -> [[Int32]] {
    let workers = max(1, min(threads, texts.count))
    guard workers > 1 else { return withSink { sink in texts.map { encode($0, &sink) } } }
    let parts = Mutex(Array(repeating: [[Int32]](), count: workers))
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      let range = (worker * texts.count / workers)..<((worker + 1) * texts.count / workers)
      let part = withSink { sink in texts[range].map { encode($0, &sink) } }
      parts.withLock { $0[worker] = part }
    }
    return parts.withLock { Array($0.joined()) }
  }

  private static func room(in maximumLength: Int, besides specials: Int) throws(Diagnostic) -> Int {
    guard maximumLength >= specials else {
      throw Diagnostic(
        "tokenizers/maximum-length", .usage,
        "a maximum length of \(maximumLength) has no room for the \(specials) special tokens",
        fix: "choose a maximum length of at least \(specials)")
    }
    return maximumLength - specials
  }

  private static func longestFirst(_ first: Int, _ second: Int, room: Int) -> (Int, Int) {
    if first <= room, second <= room - first { return (first, second) }
    let shorter = min(first, second)
    let kept = shorter <= room / 2 ? (shorter, room - shorter) : (room / 2, room - room / 2)
    return first > second ? (kept.1, kept.0) : kept
  }
}
