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

  private let points: [Point]
  /// Nodes behind the last one that is shown.
  let omitted: Int

  /// nil for a report without a trace.
  init?(_ report: JSONValue) {
    let nodes = report["trace"]?["entries"]?.arrayValue ?? []
    guard !nodes.isEmpty else { return nil }
    points = nodes.prefix(Self.mostNodes).map {
      Point(node: $0["node"]?.stringValue ?? "", own: $0["own"]?["max_rel"]?.doubleValue, inherited: $0["inherited"]?["max_rel"]?.doubleValue)
    }
    omitted = nodes.count - points.count
  }

  var svg: String {
    var drawing = Drawing(width: max(640, 60 + 12 * Double(points.count)), height: 260, title: "Error of each node")
    let (left, right, top, bottom) = (54.0, drawing.width - 10, 14.0, 220.0)
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
    for (index, point) in points.enumerated() {
      let x = left + (Double(index) + 0.5) * step
      let note = "\(point.node): own \(Self.text(point.own)), inherited \(Self.text(point.inherited))"
      drawing.line(x, y(point.own), x, y(point.inherited), class: "grid")
      drawing.circle(x, y(point.inherited), 3, class: "bar", note: note)
      drawing.circle(x, y(point.own), 3, class: "flip", note: note)
    }
    drawing.line(left, bottom, right, bottom, class: "axis")
    drawing.text("nodes in the order in which they run", left, bottom + 24)
    return drawing.svg
  }

  private static func text(_ error: Double?) -> String { error.map(NumberFormat.short) ?? "not finite" }
}
