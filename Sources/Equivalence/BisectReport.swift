import LatheJSON
import OrderedCollections

/// Where a candidate's tolerance breaks: which pass of its recipe and which node, or which node of the file itself.
public struct BisectReport: Sendable {
  /// What is at fault.
  public enum Kind: String, Sendable {
    /// A pass of the recipe breaks the tolerance.
    case pass
    /// The recipe keeps the tolerance, but the file is not what the recipe makes.
    case file
    /// Nothing is known of a recipe: a node alone is named.
    case node
    /// The models are equivalent, or what differs is not in the graph.
    case nothing
  }

  /// The recipe up to one of its passes, held against the tolerance.
  public struct Test: Sendable {
    /// Passes that had run, counted from 1; 0 for none.
    public var step: Int
    public var pass: String
    /// Bounds that were broken; empty where the tolerance is kept.
    public var violations: [String]

    public init(step: Int, pass: String, violations: [String]) { (self.step, self.pass, self.violations) = (step, pass, violations) }
  }

  public let kind: Kind
  /// The finding in one sentence.
  public let sentence: String
  /// A command that shows it; empty where there is nothing to show.
  public var command = ""
  /// The pass at fault, or the one that made what is at fault; nil for what came with the source.
  public var pass: String?
  /// The pass's place in the recipe, from 1.
  public var step: Int?
  public var node: String?
  /// What differs from what the recipe makes, of the node at fault.
  public var constant: ConstantChange?
  /// In the order in which they were made.
  public var tests: [Test] = []
  /// What nodes do by themselves, in the order of the graph.
  public var suspects: [NodeEffect] = []
  public var notes: [String] = []

  public init(_ kind: Kind, _ sentence: String) { (self.kind, self.sentence) = (kind, sentence) }

  /// The report for machines.
  public var json: JSONValue {
    var object: OrderedDictionary<String, JSONValue> = [
      "kind": .string(kind.rawValue), "sentence": .string(sentence), "command": .string(command),
      "pass": pass.map { .string($0) } ?? .null, "step": step.map { .integer(Int64($0)) } ?? .null,
      "node": node.map { .string($0) } ?? .null,
      "tests": .array(
        tests.map {
          ["step": .integer(Int64($0.step)), "pass": .string($0.pass), "violations": .array($0.violations.map { .string($0) })]
        }),
      "suspects": .array(suspects.map(\.json)), "notes": .array(notes.map { .string($0) }),
    ]
    if let constant { object["constant"] = constant.json }
    return .object(object)
  }
}
