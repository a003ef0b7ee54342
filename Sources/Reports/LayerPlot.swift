internal import Foundation
import LatheJSON

/// The error of each node in the order in which they run: its own, and what it inherited as well; a logarithmic axis.
struct LayerPlot {
  private struct Point {
    var node: String
    /// nil for what is not finite.
    var own: Double?
    var inherited: Double?
  }

  private static let mostNodes = 400
  private static let mostNamed = 5

  private let points: [Point]
  /// Nodes of smaller errors that are not shown.
  let omitted: Int
  /// Places of the largest errors of their own, the largest first; they are numbered in the plot.
  private let named: [Int]

  /// nil for a report without a trace.
  init?(_ report: JSONValue) {
    let nodes = report["trace"]?["entries"]?.arrayValue ?? []
    guard !nodes.isEmpty else { return nil }
    let all = nodes.map {
      Point(node: $0["node"]?.stringValue ?? "", own: $0["own"]?["max_rel"]?.doubleValue, inherited: $0["inherited"]?["max_rel"]?.doubleValue)
    }
    let ranked = all.indices.sorted { Self.weight(all[$0]) != Self.weight(all[$1]) ? Self.weight(all[$0]) > Self.weight(all[$1]) : $0 < $1 }
    let shown = ranked.prefix(Self.mostNodes).sorted()
    points = shown.map { all[$0] }
    omitted = all.count - shown.count
    let largest = ranked.prefix(Self.mostNamed).filter { Self.weight(all[$0]) > 0 }
    named = largest.compactMap { shown.firstIndex(of: $0) }
  }

  /// An error that is not finite is the largest.
  private static func weight(_ point: Point) -> Double { point.own ?? .infinity }

  /// The nodes with the largest errors of their own, in the order of their numbers.
  var names: [String] { named.map { "\(points[$0].node): \(Self.text(points[$0].own))" } }

  var svg: String {
    var drawing = Drawing(width: 1100, height: 260, title: "Error of each node")
    let (left, right, top, bottom) = (54.0, drawing.width - 10, 24.0, 220.0)
    // From 10⁻⁹ to 10.
    func y(_ error: Double?) -> Double {
      guard let error, error.isFinite else { return top }
      return bottom - (bottom - top) * min(1, max(0, (log10(max(error, 1e-9)) + 9) / 10))
    }
    for power in stride(from: -9, through: 1, by: 2) {
      let place = y(Foundation.pow(10, Double(power)))
      drawing.line(left, place, right, place, class: "grid")
      drawing.text("1e\(power)", left - 6, place + 4, anchor: "end")
    }
    let step = (right - left) / Double(points.count)
    let radius = max(1.2, min(3, step / 2))
    for (index, point) in points.enumerated() {
      let x = left + (Double(index) + 0.5) * step
      let note = "\(point.node): own \(Self.text(point.own)), inherited \(Self.text(point.inherited))"
      drawing.line(x, y(point.own), x, y(point.inherited), class: "grid")
      drawing.circle(x, y(point.inherited), radius, class: "bar", note: note)
      drawing.circle(x, y(point.own), radius, class: "flip", note: note)
    }
    for (rank, place) in named.enumerated() {
      drawing.text("\(rank + 1)", left + (Double(place) + 0.5) * step, y(points[place].own) - 7, anchor: "middle", class: "count")
    }
    drawing.line(left, bottom, right, bottom, class: "axis")
    drawing.text("nodes in the order in which they run", left, bottom + 24)
    return drawing.svg
  }

  private static func text(_ error: Double?) -> String { error.map(NumberFormat.short) ?? "not finite" }
}
