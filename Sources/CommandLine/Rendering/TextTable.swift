/// Columns of text, aligned for a terminal; numbers go to the right.
struct TextTable {
  enum Alignment { case left, right }

  private let alignments: [Alignment]
  private var rows: [[String]]

  init(_ columns: [(title: String, alignment: Alignment)]) {
    alignments = columns.map(\.alignment)
    rows = [columns.map(\.title)]
  }

  /// Adds a row; cells are made printable, as they may hold names from a file.
  mutating func append(_ cells: [String]) { rows.append(cells.map(DiagnosticRenderer.printable)) }

  /// The table, a line a row, with a rule under the titles.
  func render() -> String {
    let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    var lines = rows.map { cells in
      zip(zip(cells, widths), alignments).map { cell, alignment in Self.pad(cell.0, to: cell.1, alignment) }
        .joined(separator: "  ")
    }
    lines.insert(widths.map { String(repeating: "─", count: $0) }.joined(separator: "  "), at: 1)
    return lines.map { line in
      var trimmed = Substring(line)
      while trimmed.last == " " { trimmed.removeLast() }
      return String(trimmed)
    }.joined(separator: "\n") + "\n"
  }

  private static func pad(_ text: String, to width: Int, _ alignment: Alignment) -> String {
    let filling = String(repeating: " ", count: width - text.count)
    return alignment == .left ? text + filling : filling + text
  }
}
