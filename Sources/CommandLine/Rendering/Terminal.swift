internal import Foundation

/// Standard output or standard error, and what it can show.
struct Terminal: Sendable {
  enum Style: String { case bold = "1", dim = "2", red = "31", green = "32", yellow = "33", cyan = "36" }

  let descriptor: Int32
  /// Whether a person is looking.
  let isInteractive: Bool
  /// Whether colours may be used: on a terminal, unless NO_COLOR is set.
  let hasColor: Bool

  static let output = Terminal(descriptor: STDOUT_FILENO)
  static let error = Terminal(descriptor: STDERR_FILENO)

  init(descriptor: Int32) {
    self.descriptor = descriptor
    let environment = ProcessInfo.processInfo.environment
    isInteractive = isatty(descriptor) == 1 && environment["TERM"] != "dumb"
    hasColor = isInteractive && (environment["NO_COLOR"] ?? "").isEmpty
  }

  /// Columns of the window; 80 where that is unknown.
  var columns: Int {
    var size = winsize()
    guard isInteractive, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      // A reader that went away (a closed pipe) ends the output, not the work.
      guard written > 0 || (written < 0 && errno == EINTR) else { return }
      bytes = bytes.dropFirst(max(0, written))
    }
  }

  func writeLine(_ text: String = "") { write(text + "\n") }

  /// The text in a style, where colours may be used.
  func styled(_ text: String, _ style: Style) -> String {
    hasColor ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }
}
