import LatheDiagnostics

/// Turns a diagnostic into lines for people: what and where first, then notes, then what to do.
struct DiagnosticRenderer {
  let terminal: Terminal

  func render(_ diagnostic: Diagnostic) -> String {
    let isError = diagnostic.severity == .error
    let severity = terminal.styled(isError ? "error" : "warning", isError ? .red : .yellow)
    var lines = ["\(place(diagnostic.location))\(severity): \(Self.printable(diagnostic.message)) [\(diagnostic.id)]"]
    lines += details(diagnostic.location).map { "  \($0)" }
    lines += diagnostic.notes.map { "  note: \(Self.printable($0))" }
    if let fix = diagnostic.fix { lines.append("  fix: \(Self.printable(fix))") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func place(_ location: Location) -> String {
    guard let file = location.file else { return "" }
    let line = location.line.map { ":\($0)" } ?? ""
    let column = location.line == nil ? "" : location.column.map { ":\($0)" } ?? ""
    return terminal.styled("\(Self.printable(file))\(line)\(column)", .bold) + ": "
  }

  private func details(_ location: Location) -> [String] {
    [
      location.pass.map { "in the pass \($0)" },
      location.node.map { "at the node \(Self.printable($0))" },
      location.value.map { "at the value \(Self.printable($0))" },
      location.byteOffset.map { "at byte \($0)" },
    ].compactMap { $0 }
  }

  /// The text without control characters, which an input could use to fool a terminal, and of bearable length.
  static func printable(_ text: String) -> String {
    let clean = String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(2000).map { scalar in
          let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
          return isControl ? "\u{FFFD}" : scalar
        }))
    return text.unicodeScalars.count > 2000 ? clean + "…" : clean
  }
}
