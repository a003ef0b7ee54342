import LatheDiagnostics
import LatheJSON
import LatheReports
import LatheTestSupport
import OrderedCollections
import Testing

@Suite struct VerificationPageTests {
  static func report(_ name: JSONValue = "in.onnx", accepted: Bool = false) -> JSONValue {
    [
      "tool": ["name": "lathe", "version": "1"], "reference": ["file": name, "bytes": 4096, "engine": "reference"],
      "candidate": ["file": "out.lathe", "bytes": 1024, "engine": "runtime"], "equivalent": .bool(accepted), "samples": 1234,
      "sample_source": ["kind": "file", "file": "dev.jsonl", "digest": "abcdef0123456789abcdef"],
      "outputs": [["name": "logits", "rows": 5, "max_abs": 0.25, "mean_abs": 0.125, "min_cosine": 0.5, "mean_cosine": 0.75, "sqnr_db": nil]],
      "decisions": [
        [
          "name": "logits", "outputs": ["logits"], "task": "classification", "reason": "rows of 3", "max_flip_margin": 0.375,
          "agreement": ["successes": 9, "total": 10, "share": 0.9, "interval": [0.6, 0.98]], "flip_matrix": [[0, 2, 7], [1, 0, 1]],
          "margins": ["edges": [0.5, 1], "all": [3, 4, 3], "flipped": [1, 0, 0]],
        ]
      ],
      "labels": [name, "mid", "last"], "accuracy": ["labelled": 10, "reference": 8, "candidate": 7, "delta": -10.0],
      "violations": accepted ? [] : [["output": "logits", "message": "too far"]], "findings": ["a scale was swollen"],
      "policy": ["name": "mine", "passed": .bool(accepted), "verdicts": [["rule": "at most 3 bytes", "figure": "1024", "kept": .bool(accepted)]]],
      "ledger": [["step": "a/b", "guarantee": "identical bits", "nodes": 5, "bytes": 2048, "done": 2]],
      "trace": ["entries": [["node": "Add → y", "own": ["max_rel": 0.001], "inherited": ["max_rel": nil]]]],
      "worst": [["task": "logits", "sample": 3, "what": "mid became last", "text": name]],
    ]
  }

  @Test func thePageHoldsWhatTheReportSays() throws {
    let page = try VerificationPage(Self.report()).html()
    for text in [
      "Rejected.", "0 of the 1 rules", "1,234 samples", "90.00 %", "60.00 % to 98.00 %", "too far", "a scale was swollen", "at most 3 bytes", "broken", "a/b", "rows of 3",
      "-10.00 points", "4.0× smaller", "mid became last", "last: 7", "under 0.5: 3 decisions, 1 flipped", "Add → y: own 0.001, inherited not finite", "dev.jsonl",
    ] { #expect(page.contains(text), "\(text)") }
    #expect(!page.contains("{{") && !page.contains("http"), "the page is complete and asks for nothing")
    let verdict = try #require(page.firstRange(of: "Rejected.")), ledger = try #require(page.firstRange(of: "a/b")), worst = try #require(page.firstRange(of: "mid became last"))
    #expect(verdict.lowerBound < ledger.lowerBound && ledger.lowerBound < worst.lowerBound, "verdict, ledger, worst samples")
  }

  @Test func whatPassesIsSaidToPass() throws {
    let page = try VerificationPage(Self.report(accepted: true)).html()
    #expect(page.contains("Equivalent.") && !page.contains("Rejected") && page.contains("kept"))
  }

  @Test func namesCannotBecomeMarkup() throws {
    let page = try VerificationPage(Self.report("<script>\"alert(1)\"</script>")).html()
    #expect(!page.contains("<script>") && page.contains("&lt;script&gt;"))
  }

  @Test func textsCannotHideOrTurnWhatFollows() throws {
    for hidden in ["\u{0}", "\u{1B}", "\u{9F}", "\u{202E}", "\u{2066}"] {
      let report = Self.report(.string("a\(hidden)b"))
      for text in [try VerificationPage(report).html(), JUnitReport(report).xml] {
        #expect(text.contains("a\u{FFFD}b") && !text.contains(hidden), "\(hidden.unicodeScalars.map(\.value))")
      }
    }
  }

  @Test func axesOfFewDecisionsHaveEachCountOnce() throws {
    let report: JSONValue = ["decisions": [["task": "classification", "margins": ["edges": [1], "all": [2, 0], "flipped": [0, 0]]]]]
    let page = try VerificationPage(report).html()
    #expect(page.contains(">2</text>") && !page.contains(">0</text>"), "no counts that are none")
  }

  @Test func theNodesWithTheLargestErrorsAreNamed() throws {
    let entries = (0..<1000).map { index in
      ["node": .string("Node\(index)"), "own": ["max_rel": .number(index == 700 ? 0.5 : 1e-7)], "inherited": ["max_rel": 1e-6]] as JSONValue
    }
    let page = try VerificationPage(["trace": ["entries": .array(entries)]]).html()
    #expect(page.contains("<li>Node700: 0.5</li>") && page.contains("600 nodes of smaller errors are not shown."))
    #expect(page.contains("width=\"1100.0\""), "as wide for many nodes as for few")
  }

  @Test func whatIsNotFiniteIsSaidToBe() throws {
    let page = try VerificationPage(["outputs": [["name": "y", "rows": 1, "max_abs": nil, "min_cosine": nil, "sqnr_db": nil]]]).html()
    #expect(page.contains("not finite") && !page.contains("∞"))
    #expect(try VerificationPage(["outputs": [["name": "y", "rows": 1, "max_abs": 0.0, "sqnr_db": nil]]]).html().contains("∞"))
  }

  @Test func aFailureIsNoVerdictOnTheModels() throws {
    let page = try VerificationPage(["failure": ["id": "a/b", "message": "no such file", "notes": []]]).html()
    #expect(page.contains("could not be made") && page.contains("no such file") && !page.contains("Equivalent"))
  }

  /// A record of a file may say anything.
  @Test(arguments: [
    [:], ["decisions": 3, "outputs": [3, nil]], ["policy": [], "accuracy": ["delta": "x"], "worst": [[:], 7]],
    ["decisions": [["margins": ["edges": [], "all": [-5], "flipped": [9]], "flip_matrix": [[0], [0, 1, -9_223_372_036_854_775_807], "x"]]], "equivalent": "yes"],
    ["decisions": [["margins": ["edges": [1], "all": [9_223_372_036_854_775_807, 1], "flipped": [0, 0]]]]],
    ["trace": ["entries": [3]], "worst": [["sample": 9_223_372_036_854_775_807]], "candidate": ["bytes": -1], "reference": ["bytes": -9]],
  ] as [JSONValue]) func hostileReportsMakeAPageAndXML(_ report: JSONValue) throws {
    #expect(try VerificationPage(report).html().contains("Rejected."))
    #expect(JUnitReport(report).xml.contains("</testsuites>"))
  }
}
