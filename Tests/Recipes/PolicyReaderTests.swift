import LatheDiagnostics
import LatheEquivalence
import LatheJSON
import LatheRecipes
import LatheTestSupport
import OrderedCollections
import Testing

@Suite struct PolicyReaderTests {
  static func read(_ text: String, _ path: String = "p.yaml") throws(Diagnostic) -> Policy { try PolicyReader.read(Array(text.utf8), path: path) }

  @Test func everyRuleIsRead() throws {
    let policy = try Self.read(
      """
      name: mine
      outputs:
        logits: {task: classification, minimum-agreement: 0.99, maximum-flip-margin: 0.5}
        "*": {minimum-cosine: -0.5}
      minimum-samples: 10
      minimum-accuracy: 0.8
      minimum-accuracy-delta: -0.1
      maximum-bytes: 100
      maximum-size-share: 0.3
      maximum-latency-ms: 2.5
      maximum-memory-bytes: 1000
      load: {batch: 8, sequence: 16, threads: 2}
      """)
    #expect(policy.name == "mine" && policy.tasks == ["logits": .classification])
    #expect(
      Set(policy.bounds) == [
        .init(output: "logits", measure: .agreement, limit: 0.99), .init(output: "logits", measure: .flipMargin, limit: 0.5),
        .init(output: "*", measure: .cosine, limit: -0.5),
      ])
    #expect(policy.minimumSamples == 10 && policy.minimumAccuracy == 0.8 && policy.minimumAccuracyDelta == -0.1 && policy.maximumBytes == 100)
    #expect(policy.maximumSizeShare == 0.3 && policy.maximumLatency == 2.5 && policy.maximumMemory == 1000)
    #expect(policy.load.batch == 8 && policy.load.sequence == 16 && policy.load.threads == 2)
    #expect(try Self.read(#"{"minimum-samples": 3}"#, "p.json").minimumSamples == 3)
  }

  /// Text, what the diagnostic must say, the line it must name.
  static let faults: [(String, String, Int?)] = [
    ("minimum-sample: 3", "did you mean minimum-samples", 1), ("name: x", "no rules", 1), ("outputs: {}", "no rules", nil), ("outputs: {y: {task: values}}", "no rules", nil),
    ("outputs: {y: {}}", "no bounds", 1), ("outputs:\n  y: {minimum-agreement: 99}", "from 0 to 1", 2),
    ("outputs:\n  y: {minimum-agrement: 0.9}", "did you mean minimum-agreement", 2), ("outputs:\n  y: {task: clasification}", "did you mean classification", 2),
    ("outputs:\n  \"*\": {task: classification}", "of one output", 2), ("maximum-bytes: -3", "0 or more", 1), ("maximum-latency-ms: .nan", "a number", 1),
    ("maximum-bytes: 3\nload: {batch: 0}", "from 1", 2), ("samples-digest: abc", "SHA-256", 1), ("- a", "is a mapping", 1), ("", "nothing in it", nil),
  ]

  @Test(arguments: faults) func faultsSayWhereAndWhat(_ text: String, _ message: String, _ line: Int?) throws {
    let rejected = #expect(throws: Diagnostic.self) { try Self.read(text) }
    let fault = try #require(rejected)
    #expect(fault.id.hasPrefix("policy/") && fault.category == .invalidInput, "\(fault.id)")
    let said = ([fault.message] + [fault.fix].compactMap { $0 }).joined(separator: " ")
    #expect(said.contains(message), "\(said)")
    if let line { #expect(fault.location.line == line, "\(fault.location)") }
  }

  @Test func theSchemaKnowsWhatTheReaderKnows() throws {
    let schema = try JSONValue.parse(fileAt: Repository.path("Schemas/policy.schema.json"))
    func keys(_ part: JSONValue?) -> Set<String> { Set(part?["properties"]?.objectValue?.keys.map { $0 } ?? []) }
    #expect(keys(schema) == Set(PolicyKeys.policy))
    #expect(keys(schema["$defs"]?["output"]) == Set(PolicyKeys.output))
    #expect(keys(schema["$defs"]?["load"]) == Set(PolicyKeys.load))
    let tasks = schema["$defs"]?["output"]?["properties"]?["task"]?["enum"]?.arrayValue?.compactMap(\.stringValue)
    #expect(tasks.map(Set.init) == Set(TaskKind.allCases.map(\.rawValue)))
  }
}
