import ArgumentParser
import LatheDiagnostics
import LathePassKit

/// `--limit NAME=VALUE`, on every command that reads a model.
struct LimitOptions: ParsableArguments {
  @Option(
    name: .customLong("limit"),
    help: ArgumentHelp(
      "Set a bound on what an input may cost. \(Self.list)", valueName: "name=value"))
  var assignments: [String] = []

  private static var list: String {
    let defaults = ResourceLimits()
    return ResourceLimits.all.map { "\($0.name): \($0.summary) (\(defaults[keyPath: $0.keyPath]))" }.joined(
      separator: "; ")
  }

  /// The defaults with what was set.
  ///
  /// - Throws: `usage/limit` for an unknown name or a value that is no positive number.
  func limits() throws(Diagnostic) -> ResourceLimits {
    var limits = ResourceLimits()
    for assignment in assignments {
      let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
      guard let entry = ResourceLimits.all.first(where: { $0.name == parts[0] }) else {
        let nearest = Spelling.nearest(parts[0], among: ResourceLimits.all.map(\.name))
        throw Diagnostic(
          "usage/limit", .usage, "there is no limit named \(parts[0])",
          fix: nearest.map { "did you mean \($0)?" }
            ?? "there are \(ResourceLimits.all.map(\.name).joined(separator: ", "))")
      }
      guard parts.count == 2, let value = Int(parts[1]), value > 0 else {
        throw Diagnostic(
          "usage/limit", .usage, "--limit \(assignment) does not give \(entry.name) a positive whole number")
      }
      limits[keyPath: entry.keyPath] = value
    }
    return limits
  }
}
