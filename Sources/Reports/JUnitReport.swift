import LatheJSON

/// A comparison as JUnit's XML, which systems that build and test software show: a case for each rule, or for each output without a policy.
public struct JUnitReport {
  private struct Case {
    var name: String
    var figure: String
    /// Why it failed; nil where it did not.
    var failure: String?
  }

  private let report: JSONValue

  /// - Parameter report: `Schemas/verification.schema.json`.
  public init(_ report: JSONValue) { self.report = report.printable }

  public var xml: String {
    let cases = cases
    let failures = cases.count { $0.failure != nil }
    let suite = "\(report["reference"]?["file"]?.stringValue ?? "the record") → \(report["candidate"]?["file"]?.stringValue ?? "")"
    var lines = [
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
      "<testsuites name=\"lathe\" tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"0\">",
      "  <testsuite name=\"\(Self.escaped(suite))\" tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"0\" skipped=\"0\">",
    ]
    for item in cases {
      lines.append("    <testcase classname=\"lathe.equivalence\" name=\"\(Self.escaped(item.name))\">")
      if let failure = item.failure { lines.append("      <failure message=\"\(Self.escaped(failure))\"/>") }
      if !item.figure.isEmpty { lines.append("      <system-out>\(Self.escaped(item.figure))</system-out>") }
      lines.append("    </testcase>")
    }
    return (lines + ["  </testsuite>", "</testsuites>"]).joined(separator: "\n") + "\n"
  }

  private var cases: [Case] {
    if let failure = report["failure"] {
      let message = failure["message"]?.stringValue ?? ""
      let notes = (failure["notes"]?.arrayValue ?? []).compactMap(\.stringValue)
      return [Case(name: "the models can be compared", figure: "", failure: ([message] + notes).joined(separator: "; "))]
    }
    let violations = (report["violations"]?.arrayValue ?? []).map { (output: $0["output"]?.stringValue ?? "", message: $0["message"]?.stringValue ?? "") }
    var cases = (report["outputs"]?.arrayValue ?? []).map { output in
      let name = output["name"]?.stringValue ?? ""
      let broken = violations.filter { $0.output == name }.map(\.message)
      let figure = "max abs \(Self.number(output["max_abs"])), min cosine \(Self.number(output["min_cosine"]))"
      return Case(name: "output \(name)", figure: figure, failure: broken.isEmpty ? nil : broken.joined(separator: "; "))
    }
    let others = violations.filter { $0.output.isEmpty }.map(\.message)
    cases += others.map { Case(name: "comparison", figure: "", failure: $0) }
    return cases
      + (report["policy"]?["verdicts"]?.arrayValue ?? []).map { verdict in
        let figure = verdict["figure"]?.stringValue ?? ""
        return Case(name: verdict["rule"]?.stringValue ?? "", figure: figure, failure: verdict["kept"] == true ? nil : "it is \(figure)")
      }
  }

  private static func number(_ value: JSONValue?) -> String { value?.doubleValue.map(NumberFormat.short) ?? "not finite" }

  /// The text as XML may hold it; what XML 1.0 has no way to write is gone from a printable report.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n", "\r": result += "&#\(scalar.value);"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
