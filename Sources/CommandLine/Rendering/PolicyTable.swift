import LatheEquivalence

/// A policy's verdicts for people: a line a rule.
struct PolicyTable {
  private let verdicts: [PolicyJudge.Verdict]

  init(_ verdicts: [PolicyJudge.Verdict]) { self.verdicts = verdicts }

  func render() -> String {
    var table = TextTable([("rule", .left), ("figure", .left), ("", .left)])
    for verdict in verdicts { table.append([verdict.rule, verdict.figure, verdict.isKept ? "kept" : "BROKEN"]) }
    return table.render()
  }
}
