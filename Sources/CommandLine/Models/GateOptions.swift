import ArgumentParser
import LatheDiagnostics
import LatheEquivalence
import LatheRecipes

/// What `lathe verify` is held to, and where its reports go.
struct GateOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Hold the comparison against a policy.", valueName: "file.yaml|file.json"))
  var policy: String?

  @Option(name: .customLong("task"), help: ArgumentHelp("What an output decides, where it is not what was taken; may be repeated.", valueName: "OUTPUT=KIND"))
  var tasks: [String] = []

  @Option(help: ArgumentHelp("Write what was found as a page, as JSON, or as JUnit's XML.", valueName: "file.html|file.json|file.xml"))
  var report: String?

  @Option(help: ArgumentHelp("Write the candidate again with what was found in its record, for lathe gate.", valueName: "file.lathe"))
  var record: String?

  @Option(help: ArgumentHelp("Without --samples: what generated samples start from.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Without --samples: what the numbers of an input are, where nothing says.", valueName: "INPUT=LOW:HIGH"))
  var inputRange: [String] = []

  mutating func validate() throws {
    guard report.map({ path in ReportFormat.allCases.contains { path.hasSuffix(".\($0.rawValue)") } }) ?? true else {
      throw ValidationError("--report is NAME.html, NAME.json or NAME.xml")
    }
    guard record?.hasSuffix(".lathe") ?? true else { throw ValidationError("--record is NAME.lathe") }
    for task in tasks where Self.parse(task) == nil {
      throw ValidationError("--task is OUTPUT=KIND with one of \(TaskKind.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    for range in inputRange where Self.range(range) == nil { throw ValidationError("--input-range is INPUT=LOW:HIGH, LOW less than HIGH") }
  }

  private static func parse(_ text: String) -> (String, TaskKind)? {
    guard let sign = text.lastIndex(of: "="), sign > text.startIndex, let kind = TaskKind(rawValue: String(text[text.index(after: sign)...])) else { return nil }
    return (String(text[..<sign]), kind)
  }

  private static func range(_ text: String) -> (String, ClosedRange<Double>)? {
    guard let sign = text.lastIndex(of: "="), sign > text.startIndex else { return nil }
    let bounds = text[text.index(after: sign)...].split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
    guard bounds.count == 2, let low = bounds[0], let high = bounds[1], low.isFinite, high.isFinite, low < high else { return nil }
    return (String(text[..<sign]), low...high)
  }

  /// The ranges of inputs that the command line gives.
  var inputRanges: [String: ClosedRange<Double>] { Dictionary(inputRange.compactMap(Self.range)) { _, last in last } }

  /// The policy; nil where none is given.
  func readPolicy() throws(Diagnostic) -> Policy? {
    guard let policy else { return nil }
    return try PolicyReader.read(path: policy)
  }

  /// What outputs decide, by the command line before the policy.
  func overrides(_ policy: Policy?) -> [String: TaskKind] {
    Dictionary(tasks.compactMap(Self.parse)) { _, last in last }.merging(policy?.tasks ?? [:]) { own, _ in own }
  }
}
