import LatheDiagnostics
import LathePassKit
import LatheTokenizers

/// What a cut does to the reading of texts, as lines for the ledger.
struct TrimReport {
  /// Words that are shown of those that are read otherwise.
  private static let shownWords = 10

  private let tokenizer: WordPieceTokenizer

  init(_ tokenizer: WordPieceTokenizer) { self.tokenizer = tokenizer }

  /// How texts that are held out fare by a vocabulary chosen without them.
  func heldOut(_ corpus: Corpus, share: Double, kept: [Int]) throws(Diagnostic) -> String? {
    let trimmed = try TrimmedTokenizer(tokenizer, keeping: kept)
    var (number, texts, covered, words) = (0, 0, 0, 0)
    var (before, after) = (Pieces(), Pieces())
    try corpus.forEach { (text) throws(Diagnostic) in
      defer { number += 1 }
      guard CorpusUse.isHeldOut(number, share) else { return }
      let (old, new) = (tokenizer.encode(text).map { Int($0) }, trimmed.encode(text))
      texts += 1
      covered += old == new ? 1 : 0
      words += tokenizer.words(of: text).count
      before.add(old, unknown: Int(tokenizer.unknownID))
      after.add(new, unknown: Int(tokenizer.unknownID))
    }
    guard texts > 0, words > 0 else { return nil }
    return
      "of \(texts) held-out texts, read by \(kept.count) tokens chosen without them, \(Self.percent(covered, texts)) are covered; "
      + "unknown \(Self.percent(before.unknown, before.count)) → \(Self.percent(after.unknown, after.count)) of tokens; "
      + "tokens a word \(Self.ratio(before.count, words)) → \(Self.ratio(after.count, words))"
  }

  /// The words of the corpus that are read otherwise, those that occur most first.
  func changedWords(_ use: CorpusUse, kept: [Int]) throws(Diagnostic) -> [String] {
    let trimmed = try TrimmedTokenizer(tokenizer, keeping: kept)
    var changed: [(word: String, count: Int, before: [Int32], after: [Int])] = []
    var (occurrences, unknown) = (0, 0)
    for (word, count) in use.words {
      occurrences += count.all
      let (before, after) = (tokenizer.encode(word), trimmed.encode(word))
      guard before.map({ Int($0) }) != after else { continue }
      changed.append((word, count.all, before, after))
      unknown += after.contains(Int(tokenizer.unknownID)) ? 1 : 0
    }
    guard !changed.isEmpty else { return ["every word of the corpus is read as before"] }
    changed.sort { $0.count != $1.count ? $0.count > $1.count : $0.word < $1.word }
    let affected = changed.reduce(0) { $0 + $1.count }
    var lines = [
      "\(changed.count) of \(use.words.count) words are read otherwise, \(Self.percent(affected, occurrences)) of the text; \(unknown) of them are unknown now"
    ]
    for item in changed.prefix(Self.shownWords) {
      lines.append("\(item.word) (\(item.count)): \(pieces(item.before.map { Int($0) })) → \(pieces(item.after))")
    }
    return lines
  }

  private func pieces(_ ids: [Int]) -> String { ids.map { tokenizer.vocabulary.tokens[$0] }.joined(separator: " ") }

  static func percent(_ part: Int, _ whole: Int) -> String {
    // To a hundredth of a percent, rounded down, so that 100 % is all.
    let hundredths = whole == 0 ? 0 : part * 10_000 / whole
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) %"
  }

  private static func ratio(_ part: Int, _ whole: Int) -> String {
    let thousandths = part * 1000 / max(1, whole)
    let rest = String(thousandths % 1000)
    return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
  }
}

/// Tokens of texts.
private struct Pieces {
  var count = 0
  var unknown = 0

  mutating func add(_ ids: [Int], unknown id: Int) {
    count += ids.count
    unknown += ids.count { $0 == id }
  }
}
