/// Finds what a misspelt name was meant to be.
enum NearestName {
  /// The candidate with the fewest edits from `name`, if they are few enough to be a slip.
  static func of(_ name: String, among candidates: [String]) -> String? {
    let letters = Array(name)
    guard letters.count <= 100 else { return nil }
    let limit = max(2, letters.count / 3)
    let ranked = candidates.prefix(1000).filter { $0.utf8.count <= 400 }.map { ($0, edits(letters, Array($0))) }
    guard let best = ranked.min(by: { $0.1 < $1.1 }), best.1 <= limit else { return nil }
    return best.0
  }

  /// Levenshtein's distance.
  private static func edits(_ a: [Character], _ b: [Character]) -> Int {
    var row = Array(0...b.count)
    for (i, left) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, right) in b.enumerated() {
        let replaced = diagonal + (left == right ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }
}
