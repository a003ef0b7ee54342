import LatheJSON

/// The results of backend cases: a table by operator, then what failed.
struct CaseReport {
  private let results: [CaseResult]

  init(_ results: [CaseResult]) { self.results = results }

  private func count(_ status: CaseResult.Status) -> Int { results.count { $0.status == status } }

  /// The operator a case is about: its only one, or none in particular.
  private static func subject(_ result: CaseResult) -> String {
    switch result.operators.count {
    case 0: "(not imported)"
    case 1: result.operators[0]
    default: "(several operators)"
    }
  }

  var text: String {
    var table = TextTable([("operator", .left), ("passed", .right), ("failed", .right), ("skipped", .right)])
    let groups = Dictionary(grouping: results, by: Self.subject)
    for (subject, group) in groups.sorted(by: { $0.key < $1.key }) {
      let counts = [CaseResult.Status.passed, .failed, .skipped].map { status in group.count { $0.status == status } }
      table.append([subject] + counts.map { $0 == 0 ? "·" : String($0) })
    }
    let failures = results.filter { $0.status == .failed }.map {
      "failed \($0.name): \(DiagnosticRenderer.printable($0.message))\n"
    }
    let total = "\n\(count(.passed)) passed, \(count(.failed)) failed, \(count(.skipped)) skipped\n"
    return table.render() + (failures.isEmpty ? "" : "\n" + failures.joined()) + total
  }

  var json: JSONValue {
    [
      "passed": .integer(Int64(count(.passed))), "failed": .integer(Int64(count(.failed))),
      "skipped": .integer(Int64(count(.skipped))),
      "cases": .array(
        results.map {
          ["name": .string($0.name), "status": .string($0.status.rawValue), "message": .string($0.message)]
        }),
    ]
  }
}
