import LatheIR

/// Differences in what two models make of texts and classes that leave a comparison of numbers without meaning.
enum TextConflicts {
  static func between(_ reference: Model, _ candidate: Model) -> [String] {
    guard let one = reference.text?.labels, let two = candidate.text?.labels, !one.isEmpty, !two.isEmpty, one != two else { return [] }
    guard one.count == two.count else { return ["the reference has \(one.count) labels, and the candidate \(two.count)"] }
    let place = one.indices.first { one[$0] != two[$0] } ?? 0
    return ["the models call their classes otherwise: class \(place) is \(one[place]) to the reference, and \(two[place]) to the candidate"]
  }
}
