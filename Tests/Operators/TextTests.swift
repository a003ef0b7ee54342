import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct TextTests {
  private func strings(_ list: [String]) throws -> Tensor { try Tensor(strings: list, shape: [list.count]) }

  @Test(arguments: [
    ("a*b+c?", ["b", "aab", "bc", ""], [true, true, true, false]),
    ("(?:ab|c){2,3}", ["abc", "ab", "cabab", "abababab"], [true, false, true, false]),
    ("[^a-c\\d]+", ["xyz", "xaz", "5"], [true, false, false]),
    ("(?i)Straße", ["STRAßE", "straße", "Strase"], [true, true, false]),
    (".", ["é", "\n", "👍", ""], [true, false, true, false]), ("(?s).", ["\n"], [true]),
    ("^\\w+$", ["word_1", "two words"], [true, false]), ("\\bab\\b|a\\Bb!", ["ab", "ab!"], [true, true]),
    ("(?P<year>\\d{4})-\\d\\d", ["2024-01", "24-01"], [true, false]),
    ("[[:alpha:]]\\p{Lu}\\PL", ["aB1", "abc"], [true, false]),
    ("\\Qa.b\\E", ["a.b", "axb"], [true, false]), ("x{,2}|{", ["x{,2}", "{"], [true, true]),
    ("(a*)*|(a|a)*$", ["aaaa", "b"], [true, false]), ("\\x41\\x{1F44D}\\101", ["A👍A"], [true]),
    ("", ["", "a"], [true, false]),
    ("a(?i:B)c", ["abc", "aBc", "Abc"], [true, true, false]), ("(?m)^a$\\n^b$", ["a\nb", "ab"], [true, false]),
    ("[]a-]+", ["]-a", "b"], [true, false]), ("[\\D]", ["x", "1"], [true, false]), ("a+?b*?", ["aab"], [true]),
  ])
  func patternsMatchWholeStrings(_ pattern: String, _ texts: [String], _ expected: [Bool]) throws {
    try checkOperator(
      RegexFullMatch(pattern: pattern), inputs: [strings(texts)], expected: [Tensor(expected, shape: [expected.count])])
  }

  @Test(arguments: [
    "(", ")", "a)", "[a", "[b-a]", "*a", "a**", "(?=a)", "(?<!a)", "\\1", "\\", "a{2,1}", "a{1001}", "\\p{Klingon}",
    "(?z)",
    "[[:nope:]]", "\\x{110000}", "(((a{100}){100}){100})", "\\y", String(repeating: "(", count: 1000),
  ])
  func patternsThatAreNoneAreRefused(_ pattern: String) throws {
    expectRefusal(RegexFullMatch(pattern: pattern), [try strings(["a"])], "operator/pattern")
  }

  /// A matcher that tries one way after the other would not come back from this.
  @Test func hostilePatternsTakeNoLonger() throws {
    let text = String(repeating: "a", count: 2000) + "!"
    try checkOperator(
      RegexFullMatch(pattern: "(a|a)*(a*)*(a+)+b"), inputs: [strings([text])], expected: [Tensor([false], shape: [1])])
  }

  @Test func stringsAreSplit() throws {
    try checkOperator(
      StringSplit(maximumCuts: 1), inputs: [strings(["  a  b c ", "d", " "])],
      expected: [Tensor(strings: ["a", "b c", "d", "", "", ""], shape: [3, 2]), vector(2, 1, 0)])
    try checkOperator(
      StringSplit(delimiter: "::"), inputs: [strings(["a::b", "::", ""])],
      expected: [Tensor(strings: ["a", "b", "", "", "", ""], shape: [3, 2]), vector(2, 2, 1)])
  }

  @Test func stringsAreNormalized() throws {
    let words = try strings(["The", "Éclair", "the", "END"])
    try checkOperator(
      StringNormalizer(caseChange: .lower, stopWords: ["the"]), inputs: [words], expected: [strings(["éclair", "end"])])
    try checkOperator(
      StringNormalizer(caseChange: .upper, isCaseSensitive: true, locale: "en_US", stopWords: ["the"]), inputs: [words],
      expected: [strings(["THE", "ÉCLAIR", "END"])])
    expectRefusal(StringNormalizer(), [try Tensor(strings: ["a", "b"], shape: [2, 1])], "operator/shape")
  }

  @Test func stringsAreJoined() throws {
    try checkOperator(
      StringConcat(), inputs: [Tensor(strings: ["a", "b"], shape: [2, 1]), strings(["x", "y"])],
      expected: [Tensor(strings: ["ax", "ay", "bx", "by"], shape: [2, 2])])
  }

  @Test func gramsAreCountedAndWeighted() throws {
    let pool = try GramPool(items: .strings(["a", "b", "a", "b"]), starts: [0, 2], places: [0, 1, 2])
    let words = try strings(["a", "a", "b", "c"])
    for (mode, expected) in [
      (TfIdfVectorizer.Mode.frequency, [2, 1, 2]), (.weight, [10, 20, 30]), (.both, [20, 20, 60]),
    ] as [(TfIdfVectorizer.Mode, [Float])] {
      let op = TfIdfVectorizer(mode: mode, lengths: 1...2, maximumSkip: 1, pool: pool, weights: [10, 20, 30])
      try checkOperator(op, inputs: [words], expected: [floats(expected, [3])])
    }
    #expect(throws: Diagnostic.self) { try GramPool(items: .integers([1, 2, 3]), starts: [0, 0], places: [0]) }
    #expect(throws: Diagnostic.self) { try GramPool(items: .integers([1]), starts: [0], places: [-1]) }
    #expect(throws: Diagnostic.self) { try GramPool(items: .integers([1]), starts: [.max], places: [0]) }
    let wrong = TfIdfVectorizer(mode: .frequency, lengths: 1...1, maximumSkip: 0, pool: pool)
    expectRefusal(wrong, [try vector(1)], "operator/dtype")
  }
}
