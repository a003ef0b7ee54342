internal import Foundation
import LatheDiagnostics
import Synchronization

/// Standard output or standard error, and what it can show.
struct Terminal: Sendable {
  enum Style: String { case bold = "1", dim = "2", red = "31", green = "32", yellow = "33", cyan = "36" }

  let descriptor: Int32
  /// Whether a person is looking.
  let isInteractive: Bool
  /// Whether colours may be used: on a terminal, unless NO_COLOR is set.
  let hasColor: Bool

  /// Standard output, wherever it is.
  static var output: Terminal { currentOutput.withLock { $0 } }
  private static let currentOutput = Mutex(Terminal(descriptor: STDOUT_FILENO))

  /// Sends results to another descriptor from now on.
  static func moveOutput(to descriptor: Int32) { currentOutput.withLock { $0 = Terminal(descriptor: descriptor) } }

  static let error = Terminal(descriptor: STDERR_FILENO)

  /// What kept standard output from being written, other than a reader that went away; 0 for nothing.
  private static let outputFailure = Mutex<Int32>(0)

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

  func write(_ text: String) { write(Array(text.utf8)[...]) }

  private func write(_ text: ArraySlice<UInt8>) {
    var bytes = text
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      // A reader that went away (a closed pipe) ends the output, not the work.
      guard written > 0 || (written < 0 && errno == EINTR) else { return noteFailure(errno) }
      bytes = bytes.dropFirst(max(0, written))
    }
  }

  /// Writes text that may hold names from a file: control characters, which could fool a terminal, become U+FFFD.
  func write(untrusted text: String) {
    var clean: [UInt8] = []
    var previous: UInt8 = 0
    for byte in text.utf8 {
      let isControl = (byte < 0x20 && byte != 0x0A && byte != 0x09) || byte == 0x7F
      // C1 controls are C2 80 to C2 9F.
      let isUpperControl = previous == 0xC2 && byte < 0xA0
      if isUpperControl { clean.removeLast() }
      if isControl || isUpperControl { clean += [0xEF, 0xBF, 0xBD] } else { clean.append(byte) }
      previous = byte
    }
    write(clean[...])
  }

  private func noteFailure(_ code: Int32) {
    guard descriptor != STDERR_FILENO, code != EPIPE else { return }
    Self.outputFailure.withLock { $0 = code }
  }

  /// - Throws: `output/stdout` if something that was written to standard output did not arrive.
  static func checkOutput() throws(Diagnostic) {
    let code = outputFailure.withLock { $0 }
    guard code != 0 else { return }
    throw Diagnostic(
      "output/stdout", .unwritableOutput, "standard output cannot be written: \(String(cString: strerror(code)))",
      fix: "free some space, or send the output elsewhere")
  }

  func writeLine(_ text: String = "") { write(text + "\n") }

  /// The text in a style, where colours may be used.
  func styled(_ text: String, _ style: Style) -> String {
    hasColor ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }
}
