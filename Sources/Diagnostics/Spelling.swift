/// Finds what a misspelt name was meant to be.
public enum Spelling {
  /// The candidate with the fewest edits from `name`, if they are few enough to be a slip; the first in order among equals.
  ///
  /// Long names and candidates beyond the first thousand are not looked at, so that hostile input cannot make this slow.
  public static func nearest(_ name: String, among candidates: [String]) -> String? {
    guard name.utf8.count <= 400 else { return nil }
    let limit = Swift.max(2, name.count / 3)
    let ranked = candidates.prefix(1000).filter { $0.utf8.count <= 400 }.sorted().map {
      (edits: distance(Array(name), Array($0)), candidate: $0)
    }
    guard let best = ranked.min(by: { $0.edits < $1.edits }), best.edits <= limit else { return nil }
    return best.candidate
  }

  /// Levenshtein's distance: insertions, deletions and substitutions.
  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var row = Array(0...b.count)
    for (i, left) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, right) in b.enumerated() {
        let substitution = diagonal + (left == right ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = Swift.min(substitution, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.count]
  }
}
