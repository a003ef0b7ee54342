internal import Foundation

/// A drawing in SVG that a page holds inline; its colours are those of the page.
struct Drawing {
  let width: Double
  let height: Double
  /// What it shows, for those who cannot see it.
  let title: String
  private var parts: [String] = []

  init(width: Double, height: Double, title: String) {
    (self.width, self.height, self.title) = (width, height, title)
  }

  /// - Parameter note: shown when the pointer rests on it.
  mutating func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, class name: String, opacity: Double = 1, note: String = "") {
    guard width > 0, height > 0 else { return }
    parts.append(
      "<rect x=\"\(Self.text(x))\" y=\"\(Self.text(y))\" width=\"\(Self.text(width))\" height=\"\(Self.text(height))\" class=\"\(name)\""
        + "\(opacity < 1 ? " fill-opacity=\"\(Self.text(opacity))\"" : "")>\(note.isEmpty ? "" : "<title>\(Self.escaped(note))</title>")</rect>")
  }

  mutating func circle(_ x: Double, _ y: Double, _ radius: Double, class name: String, note: String = "") {
    parts.append(
      "<circle cx=\"\(Self.text(x))\" cy=\"\(Self.text(y))\" r=\"\(Self.text(radius))\" class=\"\(name)\"><title>\(Self.escaped(note))</title></circle>")
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, class name: String) {
    parts.append("<line x1=\"\(Self.text(x1))\" y1=\"\(Self.text(y1))\" x2=\"\(Self.text(x2))\" y2=\"\(Self.text(y2))\" class=\"\(name)\"/>")
  }

  /// - Parameter turned: degrees about its own place.
  mutating func text(_ text: String, _ x: Double, _ y: Double, anchor: String = "start", turned: Double = 0, class name: String = "") {
    let turn = turned == 0 ? "" : " transform=\"rotate(\(Self.text(turned)) \(Self.text(x)) \(Self.text(y)))\""
    parts.append("<text x=\"\(Self.text(x))\" y=\"\(Self.text(y))\" text-anchor=\"\(anchor)\"\(name.isEmpty ? "" : " class=\"\(name)\"")\(turn)>\(Self.escaped(text))</text>")
  }

  var svg: String {
    "<svg viewBox=\"0 0 \(Self.text(width)) \(Self.text(height))\" width=\"\(Self.text(width))\" role=\"img\" aria-label=\"\(Self.escaped(title))\">"
      + parts.joined(separator: "\n") + "</svg>"
  }

  private static func text(_ number: Double) -> String { String(format: "%.1f", number.isFinite ? number : 0) }

  static func escaped(_ text: String) -> String { JUnitReport.escaped(text) }
}
