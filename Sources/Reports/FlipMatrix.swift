import LatheJSON

/// Which choice became which: the reference's down, the candidate's across, darker for more flips.
struct FlipMatrix {
  private static let mostClasses = 40

  private let counts: [(reference: Int, candidate: Int, count: Int)]
  private let classes: [Int]
  private let labels: [String]
  /// Flips of classes that are left out.
  let omitted: Int

  /// nil where nothing flipped.
  init?(_ decisions: JSONValue, labels: [String]) {
    let cells = (decisions["flip_matrix"]?.arrayValue ?? []).compactMap { cell -> (Int, Int, Int)? in
      guard let reference = cell[0]?.intValue, let candidate = cell[1]?.intValue, let count = cell[2]?.intValue, count > 0, count < 1 << 40 else { return nil }
      return (reference, candidate, count)
    }
    guard !cells.isEmpty else { return nil }
    var weights: [Int: Int] = [:]
    for cell in cells {
      weights[cell.0, default: 0] += cell.2
      weights[cell.1, default: 0] += cell.2
    }
    let ranked = weights.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.prefix(Self.mostClasses).map(\.key)
    let kept = Set(ranked)
    classes = ranked.sorted()
    counts = cells.filter { kept.contains($0.0) && kept.contains($0.1) }
    omitted = cells.reduce(0) { $0 + $1.2 } - counts.reduce(0) { $0 + $1.count }
    self.labels = labels
  }

  private func name(_ index: Int) -> String {
    let name = labels.indices.contains(index) ? labels[index] : "\(index)"
    return name.count > 14 ? name.prefix(13) + "…" : name
  }

  var svg: String {
    let (cell, margin) = (classes.count > 20 ? 19.0 : 24.0, 104.0)
    let extent = cell * Double(classes.count)
    var drawing = Drawing(width: margin + extent + 40, height: margin + extent + 8, title: "Matrix of flips")
    let largest = Double(counts.map(\.count).max() ?? 1)
    for (place, index) in classes.enumerated() {
      let middle = margin + (Double(place) + 0.5) * cell
      drawing.text(name(index), margin - 6, middle + 4, anchor: "end")
      drawing.text(name(index), middle + 4, margin - 6, turned: -50)
      drawing.rectangle(margin + Double(place) * cell, margin + Double(place) * cell, cell, cell, class: "diagonal")
    }
    for item in counts {
      guard let row = classes.firstIndex(of: item.reference), let column = classes.firstIndex(of: item.candidate) else { continue }
      let (x, y) = (margin + Double(column) * cell, margin + Double(row) * cell)
      drawing.rectangle(
        x, y, cell, cell, class: "flip", opacity: 0.15 + 0.6 * (Double(item.count) / largest).squareRoot(),
        note: "\(name(item.reference)) became \(name(item.candidate)): \(item.count)")
      if cell > 15 { drawing.text("\(item.count)", x + cell / 2, y + cell / 2 + 4, anchor: "middle", class: "count") }
    }
    for place in 0...classes.count {
      let at = margin + Double(place) * cell
      drawing.line(margin, at, margin + extent, at, class: "grid")
      drawing.line(at, margin, at, margin + extent, class: "grid")
    }
    return drawing.svg
  }
}
