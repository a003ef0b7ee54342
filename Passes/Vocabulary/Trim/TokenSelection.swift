import LatheDiagnostics
import LatheTokenizers

/// Which tokens stay, by how often they occur.
struct TokenSelection {
  /// At most so many tokens; 0 for any number.
  var keep = 0
  /// Tokens that occur less often go.
  var minimumCount = 1
  /// The most frequent tokens that make up this share of all occurrences stay.
  var coverage = 1.0
  /// Ids that stay, whatever they count.
  var always: Set<Int> = []

  /// The ids that stay, ascending.
  func chosen(_ counts: [Int]) -> [Int] {
    let total = counts.reduce(0, +)
    let ranked = counts.indices.filter { counts[$0] >= max(1, minimumCount) && !always.contains($0) }
      .sorted { counts[$0] != counts[$1] ? counts[$0] > counts[$1] : $0 < $1 }
    var covered = always.reduce(0) { $0 + (counts.indices.contains($1) ? counts[$1] : 0) }
    var ids = Array(always)
    for id in ranked {
      if keep > 0, ids.count >= keep { break }
      if coverage < 1, Double(covered) >= coverage * Double(total) { break }
      ids.append(id)
      covered += counts[id]
    }
    return ids.sorted()
  }

  /// The ids that stay when words that lose a piece are read by what is left, single characters if need be.
  ///
  /// Greedy longest match reads a word otherwise once a piece is gone, so that other pieces count more, and characters that no text needed before are
  /// needed now: the choice is made again by the new counts until it stays.
  ///
  /// - Parameters:
  ///   - counts: by id, of the whole vocabulary.
  ///   - words: how often each word occurs.
  func closed(_ counts: [Int], words: some Sequence<(word: String, count: Int)>, _ tokenizer: WordPieceTokenizer) throws(Diagnostic) -> [Int] {
    let characters = tokenizer.singleCharacters
    var kept = chosen(counts)
    for _ in 0..<3 {
      let wider = Set(kept).union(characters)
      let trimmed = try TrimmedTokenizer(tokenizer, keeping: wider.sorted())
      var found = [Int](repeating: 0, count: counts.count)
      for (word, count) in words { for id in trimmed.encode(word) { found[id] += count } }
      for id in kept { found[id] = max(found[id], counts[id]) }
      let next = chosen(found)
      if next == kept { break }
      kept = next
    }
    return kept
  }
}

/// A tokenizer that has lost tokens, and gives ids of the whole vocabulary.
struct TrimmedTokenizer {
  let tokenizer: WordPieceTokenizer
  private let ids: [Int]

  /// - Parameter ids: the tokens that are left, ascending; special tokens are among them.
  init(_ tokenizer: WordPieceTokenizer, keeping ids: [Int]) throws(Diagnostic) {
    let tokens = ids.map { tokenizer.vocabulary.tokens[$0] }
    self.tokenizer = try WordPieceTokenizer(vocabulary: try Vocabulary(tokens: tokens), options: tokenizer.options)
    self.ids = ids
  }

  /// The ids of the pieces of a text.
  func encode(_ text: String) -> [Int] { tokenizer.encode(text).map { ids[Int($0)] } }
}

extension WordPieceTokenizer {
  /// Ids of the tokens that are one character, at the start of a word or within one.
  var singleCharacters: [Int] {
    let prefix = options.continuingPrefix.unicodeScalars.count
    return vocabulary.tokens.indices.filter { id in
      let token = vocabulary.tokens[id]
      let count = token.unicodeScalars.count
      return count == 1 || !options.continuingPrefix.isEmpty && count == prefix + 1 && token.hasPrefix(options.continuingPrefix)
    }
  }

  /// The tokens that can be words by themselves.
  var wholeWords: [(word: String, id: Int)] {
    vocabulary.tokens.indices.filter { options.continuingPrefix.isEmpty || !vocabulary.tokens[$0].hasPrefix(options.continuingPrefix) }
      .map { (vocabulary.tokens[$0], $0) }
  }

  /// Ids of the tokens that have a part of their own in every text.
  var specialIDs: [Int] {
    let named = [options.maskToken] + (options.recognizedTokens ?? []) + options.addedTokens
    return [unknownID, classID, separatorID, paddingID].map { Int($0) } + named.compactMap { vocabulary.id(of: $0) }.map { Int($0) }
  }
}
