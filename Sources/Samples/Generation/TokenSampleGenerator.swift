import LatheDiagnostics
import LatheIR
import LatheTensors
import LatheTokenizers

/// Rows of tokens in the shape of language, made from a seed: words with their continuations, few tokens often and many rarely, all lengths, pairs of
/// texts, both ends of the vocabulary, and every token at least once.
struct TokenSampleGenerator {
  /// What the model's tokens are.
  struct Alphabet {
    /// Ids that may be used, in rising order.
    var ids: [Int32]
    /// Ids that continue a word.
    var continuations: Set<Int32> = []
    /// Ids that are neither words nor parts of words.
    var special: Set<Int32> = []
    var start: Int32?
    var separator: Int32?
  }

  private let alphabet: Alphabet
  private let longest: Int
  private let hasSegments: Bool
  private var random: SampleRandom
  private let words, continuations: [Int32]

  private(set) var rows: [EncodedRow] = []
  /// What was made, a line each.
  private(set) var parts: [String] = []

  /// - Parameter longest: most tokens of a row, at least 1.
  init(_ alphabet: Alphabet, longest: Int, hasSegments: Bool, seed: UInt64) {
    self.alphabet = alphabet
    self.longest = longest
    self.hasSegments = hasSegments
    random = SampleRandom(seed: seed)
    let plain = alphabet.ids.filter { !alphabet.special.contains($0) }
    let starts = plain.filter { !alphabet.continuations.contains($0) }
    words = starts.isEmpty ? alphabet.ids : starts
    continuations = plain.filter { alphabet.continuations.contains($0) }
  }

  /// Makes all parts.
  ///
  /// - Parameter withPadding: whether rows without any token are among them.
  mutating func generate(withPadding: Bool) {
    add("rows of 1 to 4 tokens", (1...4).filter { $0 <= longest }.flatMap { [$0, $0] }.map { row($0) })
    var typical: [[Int32]] = []
    // The sum of two makes lengths in the middle frequent.
    for _ in 0..<64 { typical.append(row(min(longest, 3 + random.below(max(1, longest / 2)) + random.below(max(1, longest / 4))))) }
    add("rows of usual lengths", typical)
    add("rows of \(longest) tokens, the most", (0..<8).map { _ in row(longest) })
    if hasSegments, longest >= 8 { addPairs() }
    let ends = Array(alphabet.ids.prefix(4) + alphabet.ids.suffix(4))
    add("rows of the first and the last ids", [Array(framed(ends).prefix(longest))])
    addEveryToken()
    if withPadding {
      for length in [min(8, longest), 0] {
        rows.append(EncodedRow(sample: rows.count, ids: length > 0 ? row(length) : [], firstSegment: nil))
      }
      parts.append("1 row of padding alone")
    }
  }

  private mutating func add(_ what: String, _ made: [[Int32]]) {
    for ids in made { rows.append(EncodedRow(sample: rows.count, ids: ids, firstSegment: nil)) }
    parts.append("\(made.count) \(made.count == 1 ? what.replacing("rows", with: "row") : what)")
  }

  private mutating func addPairs() {
    for _ in 0..<16 {
      let length = 8 + random.below(longest - 7)
      var ids = row(length)
      let turn = 3 + random.below(length - 5)
      if let separator = alphabet.separator { ids[turn - 1] = separator }
      rows.append(EncodedRow(sample: rows.count, ids: ids, firstSegment: turn))
    }
    parts.append("16 rows of two segments")
  }

  private mutating func addEveryToken() {
    let inner = max(1, longest - (alphabet.start == nil ? 0 : 1) - (alphabet.separator == nil ? 0 : 1))
    let order = random.shuffled(alphabet.ids)
    let made = stride(from: 0, to: order.count, by: inner).map { framed(Array(order[$0..<min($0 + inner, order.count)])) }
    add("rows in which each of \(order.count) ids stands once", made.map { Array($0.prefix(longest)) })
  }

  /// The tokens between those that start and end a text.
  private func framed(_ ids: [Int32]) -> [Int32] { [alphabet.start].compactMap { $0 } + ids + [alphabet.separator].compactMap { $0 } }

  private mutating func row(_ length: Int) -> [Int32] {
    let frame = framed([]).count
    guard length > frame else { return Array(framed([]).isEmpty ? [word()] : framed([])).prefix(max(1, length)).map { $0 } }
    var ids: [Int32] = []
    while ids.count < length - frame {
      ids.append(word())
      // A third of the words have a continuation, a third of these another.
      while !continuations.isEmpty, ids.count < length - frame, random.below(3) == 0 { ids.append(frequent(continuations)) }
    }
    return framed(ids)
  }

  private mutating func word() -> Int32 { frequent(words) }

  /// Tokens at the front of a vocabulary are the more frequent ones: about as Zipf's law has it.
  private mutating func frequent(_ ids: [Int32]) -> Int32 {
    let share = random.uniform()
    return ids[min(ids.count - 1, Int(Double(ids.count) * share * share * share))]
  }
}
