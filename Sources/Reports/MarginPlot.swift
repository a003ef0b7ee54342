import LatheJSON

/// How clearly the reference decided, and how clearly it decided what flipped: a histogram with a logarithmic axis.
struct MarginPlot {
  private let all: [Int]
  private let flipped: [Int]
  private let edges: [Double]

  /// nil for decisions without margins.
  init?(_ decisions: JSONValue) {
    guard let margins = decisions["margins"], let edges = margins["edges"]?.arrayValue?.compactMap(\.doubleValue),
      let all = margins["all"]?.arrayValue?.compactMap(\.intValue), let flipped = margins["flipped"]?.arrayValue?.compactMap(\.intValue),
      all.count == edges.count + 1, flipped.count == all.count, all.contains(where: { $0 > 0 }), (all + flipped).allSatisfy({ (0..<1 << 40).contains($0) })
    else { return nil }
    (self.all, self.flipped, self.edges) = (all, flipped, edges)
  }

  var svg: String {
    var drawing = Drawing(width: 640, height: 240, title: "Histogram of margins")
    let (left, right, top, bottom) = (46.0, 630.0, 14.0, 190.0)
    let step = (right - left) / Double(all.count)
    let largest = Double(all.max() ?? 1)
    // Roots, so that a few flips can be seen beside many decisions.
    func height(_ count: Int) -> Double { count > 0 ? max(2, (bottom - top) * (Double(count) / largest).squareRoot()) : 0 }
    // Whole counts, each once: of few decisions there are but few.
    for count in Set([1, 0.25, 0.04].map { Int((largest * $0).rounded()) }).sorted() where count > 0 {
      let y = bottom - (bottom - top) * (Double(count) / largest).squareRoot()
      drawing.line(left, y, right, y, class: "grid")
      drawing.text(NumberFormat.grouped(count), left - 6, y + 4, anchor: "end")
    }
    for (index, count) in all.enumerated() {
      let x = left + Double(index) * step
      drawing.rectangle(x + 1, bottom - height(count), step - 2, height(count), class: "bar", note: "\(range(index)): \(NumberFormat.counted(count, "decision")), \(flipped[index]) flipped")
      drawing.rectangle(x + 1, bottom - height(flipped[index]), step - 2, height(flipped[index]), class: "flip", note: "\(range(index)): \(flipped[index]) flipped")
    }
    drawing.line(left, bottom, right, bottom, class: "axis")
    for (index, edge) in edges.enumerated() where index.isMultiple(of: 4) {
      let x = left + Double(index + 1) * step
      drawing.line(x, bottom, x, bottom + 4, class: "axis")
      drawing.text(NumberFormat.short(edge), x, bottom + 18, anchor: "middle")
    }
    drawing.text("margin of the reference's first choice before its second", (left + right) / 2, bottom + 40, anchor: "middle")
    return drawing.svg
  }

  private func range(_ index: Int) -> String {
    if index == 0 { return "under \(NumberFormat.short(edges[0]))" }
    guard index < edges.count else { return "\(NumberFormat.short(edges[index - 1])) and more" }
    return "\(NumberFormat.short(edges[index - 1])) to \(NumberFormat.short(edges[index]))"
  }
}
