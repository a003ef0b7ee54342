import LatheEquivalence
import LatheJSON
import OrderedCollections
import Testing

@Suite struct PolicyJudgeTests {
  static let report: JSONValue = [
    "samples": 100, "faults": [], "sample_source": ["kind": "file", "digest": "abc"],
    "outputs": [
      ["name": "logits", "min_cosine": 0.98, "max_abs": 0.5, "sqnr_db": nil], ["name": "ids", "min_cosine": 1.0, "max_abs": 0.0, "sqnr_db": nil],
    ],
    "decisions": [
      [
        "name": "logits", "outputs": ["logits"], "task": "classification", "max_flip_margin": 0.4,
        "agreement": ["successes": 98, "total": 100, "share": 0.98, "interval": [0.93, 0.994]],
      ]
    ],
    "accuracy": ["labelled": 50, "reference": 40, "candidate": 39, "delta": -2.0],
    "reference": ["bytes": 1000], "candidate": ["bytes": 300], "cost": ["batch": 1, "sequence": 32, "threads": 1, "median_ms": 2.5, "peak_bytes": 4000],
  ]

  static func kept(_ report: JSONValue = report, _ change: (inout Policy) -> Void) -> [Bool] {
    var policy = Policy()
    change(&policy)
    return PolicyJudge(policy).verdicts(on: report).dropFirst().map(\.isKept)
  }

  static func bound(_ measure: PolicyMeasure, _ limit: Double, _ output: String = "logits") -> [Bool] {
    kept { $0.bounds = [.init(output: output, measure: measure, limit: limit)] }
  }

  @Test func boundsAreKeptUpToTheirLimit() {
    #expect(Self.bound(.agreement, 0.98) == [true] && Self.bound(.agreement, 0.981) == [false])
    #expect(Self.bound(.agreementBound, 0.93) == [true] && Self.bound(.agreementBound, 0.95) == [false])
    #expect(Self.bound(.flipMargin, 0.4) == [true] && Self.bound(.flipMargin, 0.39) == [false])
    #expect(Self.bound(.cosine, 0.98) == [true] && Self.bound(.cosine, 0.99) == [false])
    #expect(Self.bound(.absoluteError, 0.5) == [true] && Self.bound(.absoluteError, 0.4) == [false])
    #expect(Self.kept { $0.minimumSamples = 100 } == [true] && Self.kept { $0.minimumSamples = 101 } == [false])
    #expect(Self.kept { $0.samplesDigest = "abc" } == [true] && Self.kept { $0.samplesDigest = "abd" } == [false])
    #expect(Self.kept { $0.minimumAccuracyDelta = -2 } == [true] && Self.kept { $0.minimumAccuracyDelta = -1 } == [false])
    #expect(Self.kept { $0.minimumAccuracy = 0.78 } == [true] && Self.kept { $0.minimumAccuracy = 0.79 } == [false])
    #expect(Self.kept { $0.maximumBytes = 300 } == [true] && Self.kept { $0.maximumBytes = 299 } == [false])
    #expect(Self.kept { $0.maximumSizeShare = 0.3 } == [true] && Self.kept { $0.maximumSizeShare = 0.2 } == [false])
    #expect(Self.kept { $0.maximumLatency = 2.5 } == [true] && Self.kept { $0.maximumLatency = 2.4 } == [false])
    #expect(Self.kept { $0.maximumMemory = 4000 } == [true] && Self.kept { $0.maximumMemory = 3999 } == [false])
  }

  @Test func aStarIsForEveryOutputThatHasTheFigure() {
    #expect(Self.bound(.cosine, 0.99, "*") == [false, true])
    #expect(Self.bound(.agreement, 0.9, "*") == [true])
    #expect(Self.bound(.entityF1, 0.1, "*") == [false], "no output has it")
  }

  @Test func whatIsNotKnownIsNotAllowed() {
    #expect(Self.bound(.cosine, -1, "absent") == [false])
    #expect(Self.bound(.entityF1, 0) == [false])
    #expect(Self.bound(.noise, -100) == [false], "a ratio that is not finite though something differs")
    #expect(Self.bound(.noise, 100, "ids") == [true], "without any error there is no ratio")
    #expect(Self.kept { policy in (policy.maximumLatency, policy.load.batch) = (1e9, 8) } == [false], "another load")
    let empty = PolicyJudge({ var policy = Policy(); policy.minimumSamples = 0; return policy }()).verdicts(on: [:])
    #expect(empty.map(\.isKept) == [false, false])
    #expect(Self.kept(["outputs": 3, "decisions": "x"]) { $0.bounds = [.init(output: "*", measure: .cosine, limit: -1)] } == [false])
  }

  @Test func faultsAreNeverAllowed() {
    var members = Self.report.objectValue ?? [:]
    members["faults"] = ["logits: 3 elements are NaN"]
    let verdict = PolicyJudge(Policy()).verdicts(on: .object(members)).first
    #expect(verdict?.isKept == false && verdict?.figure.contains("NaN") == true)
  }
}
