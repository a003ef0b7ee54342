import Foundation
import LatheIR
import LatheOperators
import LatheTestSupport
import Testing

/// `Tests/Conformance/results.md` against itself, the list of known gaps, and the catalog.
@Suite struct ConformanceTests {
  private struct Counts: Equatable {
    var passed = 0
    var failed = 0
    var skipped = 0
  }

  private struct Unpassed: Hashable {
    var kind: String
    var name: String
    var status: String
    var message: String
  }

  private let totals: [String: Counts]
  /// By the first word of the cases' names.
  private let words: [String: Counts]
  private let unpassed: [Unpassed]

  init() throws {
    let text = try String(contentsOfFile: Repository.path("Tests/Conformance/results.md"), encoding: .utf8)
    let sections = text.components(separatedBy: "\n## ")
    try #require(sections.count == 3)
    totals = Self.rows(sections[0])
    words = Self.rows(sections[1])
    unpassed = sections[2].matches(of: /(?m)^\* ([^\/\n]+)\/(\S+) \((\w+)\): (.*)$/).map { match in
      Unpassed(kind: "\(match.1)", name: "\(match.2)", status: "\(match.3)", message: "\(match.4)")
    }
    #expect(unpassed.count == sections[2].split(separator: "\n").count { $0.hasPrefix("* ") })
  }

  private static func rows(_ section: String) -> [String: Counts] {
    var rows: [String: Counts] = [:]
    for match in section.matches(of: /(?m)^\| ([^|]+) \| (\d+) \| (\d+) \| (\d+) \|$/) {
      rows["\(match.1)"] = Counts(
        passed: Int(match.2) ?? 0, failed: Int(match.3) ?? 0, skipped: Int(match.4) ?? 0)
    }
    return rows
  }

  @Test func totalsAreSums() throws {
    var sum = Counts()
    for counts in words.values {
      sum.passed += counts.passed
      sum.failed += counts.failed
      sum.skipped += counts.skipped
    }
    #expect(sum.passed > 1500)
    #expect(totals["node"] == sum)
    for kind in ["node", "pytorch-converted", "pytorch-operator", "simple"] {
      let total = try #require(totals[kind])
      let own = unpassed.filter { $0.kind == kind }
      #expect(own.count { $0.status == "failed" } == total.failed, "\(kind)")
      #expect(own.count { $0.status == "skipped" } == total.skipped, "\(kind)")
    }
  }

  @Test func roundTripsLoseNothing() throws {
    for format in ["onnx", "lathe", "text"] {
      #expect(totals["node, after a round trip through \(format)"] == totals["node"], "\(format)")
    }
  }

  @Test func gapsHaveReasonsAndAreReported() throws {
    let text = try String(contentsOfFile: Repository.path("Tests/Conformance/known-gaps.txt"), encoding: .utf8)
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    var gaps: [String: String] = [:]
    for line in lines {
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      try #require(parts.count == 2, "\(line)")
      #expect(parts[1].count > 20, "\(parts[0]) has no reason")
      gaps[parts[0]] = parts[1]
    }
    #expect(gaps.count == lines.count, "a gap is listed twice")
    let skipped = unpassed.filter { $0.status == "skipped" }
    #expect(Set(skipped.map(\.name)) == Set(gaps.keys))
    for gap in skipped { #expect(gap.message == gaps[gap.name], "\(gap.name)") }
  }

  /// First words of cases that are not named as their operator is, or as its first word.
  private static let otherWords = [
    "ArrayFeatureExtractor": "ai", "BatchNormalization": "batchnorm", "Binarizer": "ai",
    "InstanceNormalization": "instancenorm", "LabelEncoder": "ai", "Loop": "loop11",
    "MeanVarianceNormalization": "mvn", "NegativeLogLikelihoodLoss": "nllloss", "Pad": "reflect",
    "SoftmaxCrossEntropyLoss": "sce", "StringNormalizer": "strnormalizer", "TreeEnsemble": "ai", "Trilu": "tril",
  ]

  /// Operators of ONNX's domains that its suite has no case of; the last is ONNX Runtime's, in the standard domain.
  private static let withoutCases: Set<String> = [
    "GlobalLpPool", "MaxRoiPool", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform",
    "RandomUniformLike", "SimplifiedLayerNormalization",
  ]

  @Test func everyOperatorIsThere() throws {
    for type in OperatorCatalog.standard.all where !["com.microsoft", "lathe"].contains(type.schema.name.domain) {
      let name = type.schema.name.name
      if Self.withoutCases.contains(name) {
        #expect(words[name.lowercased()] == nil, "the suite has cases of \(name)")
        continue
      }
      let first = try #require(name.firstMatch(of: /[A-Z]+(?![a-z])|[A-Z][a-z0-9]+/)).output.lowercased()
      let row = words[Self.otherWords[name] ?? name.lowercased()] ?? words[first]
      #expect((row?.passed ?? 0) + (row?.skipped ?? 0) > 0, "the table has no case of \(name)")
    }
  }
}
