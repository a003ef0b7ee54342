import LatheDiagnostics

/// Remarks of one import; of each kind the first few, then how many more there are.
struct WarningList {
  private static let mostOfAKind = 16

  private var shown: [Diagnostic] = []
  private var counts: [String: Int] = [:]

  mutating func add(_ warning: Diagnostic) {
    counts[warning.id, default: 0] += 1
    if counts[warning.id, default: 0] <= Self.mostOfAKind { shown.append(warning) }
  }

  /// The remarks, with a line for each kind of which some were left out.
  func all(in location: Location) -> [Diagnostic] {
    let rest = counts.filter { $0.value > Self.mostOfAKind }.sorted { $0.key < $1.key }
    let summaries = rest.map { id, count in
      Diagnostic.warning(id, "\(count - Self.mostOfAKind) more remarks of this kind are left out")
    }
    return (shown + summaries).map { $0.located(in: location) }
  }
}
