import ArgumentParser
import LatheEquivalence

/// The bounds that `lathe verify` takes without a policy.
struct BoundOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Least share of decisions that agree, 0 to 1, of every output that decides anything.", valueName: "share"))
  var minAgreement: Double?

  @Option(help: ArgumentHelp("Least cosine over all rows.", valueName: "cosine"))
  var minCosine: Double?

  @Option(help: ArgumentHelp("Largest absolute error allowed.", valueName: "error"))
  var maxAbs: Double?

  @Option(parsing: .unconditional, help: ArgumentHelp("Least change of accuracy, in points; -0.1 allows a loss of 0.1.", valueName: "points"))
  var minAccuracyDelta: Double?

  mutating func validate() throws {
    for bound in [minAgreement, minCosine, maxAbs, minAccuracyDelta].compactMap({ $0 }) where !bound.isFinite {
      throw ValidationError("a bound is a finite number")
    }
    guard minAgreement.map({ (0...1).contains($0) }) ?? true else { throw ValidationError("--min-agreement is 0 to 1") }
    guard minCosine.map({ (-1...1).contains($0) }) ?? true else { throw ValidationError("--min-cosine is -1 to 1") }
    guard maxAbs.map({ $0 >= 0 }) ?? true else { throw ValidationError("--max-abs is 0 or more") }
  }

  /// The bounds; those that hold by default where none is given, unless a policy is.
  func tolerance(hasPolicy: Bool) -> Tolerance {
    var tolerance = Tolerance()
    tolerance.minimumAgreement = minAgreement
    tolerance.minimumCosine = minCosine
    tolerance.maximumAbsoluteError = maxAbs
    tolerance.minimumAccuracyDelta = minAccuracyDelta
    return tolerance.isEmpty && !hasPolicy ? .standard : tolerance
  }

  /// The bounds as they were given, for commands.
  var words: [String] {
    let bounds = [("--min-agreement", minAgreement), ("--min-cosine", minCosine), ("--min-accuracy-delta", minAccuracyDelta), ("--max-abs", maxAbs)]
    return bounds.flatMap { name, value in value.map { [name, "\($0)"] } ?? [] }
  }
}
