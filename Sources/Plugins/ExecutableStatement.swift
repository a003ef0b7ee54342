internal import Foundation
import LatheDiagnostics
import LatheJSON
import LathePassKit
import OrderedCollections

/// What a program says about its run, in a JSON file beside its output.
///
/// ```json
/// {"guarantee": {"metric": "cosine", "bound": 0.999},
///  "done": ["embeddings.word"], "declined": [{"subject": "head", "reason": "too small"}], "notes": ["16 clusters"]}
/// ```
/// `guarantee` is `"identical bits"`, or an object with one of `Drift.Metric`'s names and a bound.
struct ExecutableStatement {
  private static let keys = ["guarantee", "done", "declined", "notes"]
  private static let maximumBytes = 1 << 24

  private(set) var outcome = PassOutcome()

  /// - Throws: `plugins/statement` for anything it does not know.
  init(besides output: String) throws(Diagnostic) {
    let path = output + ".json"
    guard FileManager.default.fileExists(atPath: path) else { return }
    let json = try JSONValue.parse(fileAt: path, maximumBytes: Self.maximumBytes)
    guard let members = json.objectValue else { throw Self.fault("the statement is an object, not \(json.kindDescription)") }
    for (key, value) in members {
      switch key {
      case "guarantee": outcome.guarantee = try Self.guarantee(value)
      case "done": for subject in try Self.texts(value, key) { outcome.record(subject, .done) }
      case "notes": outcome.notes += try Self.texts(value, key)
      case "declined":
        guard let items = value.arrayValue else { throw Self.fault("declined is a list of objects") }
        for item in items {
          guard let subject = item["subject"]?.stringValue, let reason = item["reason"]?.stringValue else {
            throw Self.fault("what was declined has a subject and a reason")
          }
          outcome.record(subject, .declined(reason))
        }
      default:
        throw Self.fault(
          "the statement has no key \(key)",
          fix: Spelling.nearest(key, among: Self.keys).map { "did you mean \($0)?" } ?? "the keys are \(Self.keys.joined(separator: ", "))")
      }
    }
  }

  private static func texts(_ value: JSONValue, _ key: String) throws(Diagnostic) -> [String] {
    let texts = value.arrayValue?.compactMap(\.stringValue)
    guard let texts, texts.count == value.arrayValue?.count else { throw fault("\(key) is a list of texts") }
    return texts
  }

  private static func guarantee(_ value: JSONValue) throws(Diagnostic) -> Guarantee {
    if value == "identical bits" { return .identicalBits }
    guard let name = value["metric"]?.stringValue, let metric = Drift.Metric(rawValue: name),
      let bound = value["bound"]?.doubleValue, bound >= 0, value.objectValue?.count == 2
    else {
      let names = Drift.Metric.allCases.map(\.rawValue).joined(separator: ", ")
      throw fault("guarantee is \"identical bits\", or an object with a bound and a metric of \(names)")
    }
    return metric == .relativeError ? .sameMathematics(relative: bound) : .approximate(metric: metric, bound: bound)
  }

  private static func fault(_ message: String, fix: String? = nil) -> Diagnostic {
    .invalid("plugins/statement", message, fix: fix)
  }
}
