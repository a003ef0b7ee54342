internal import Foundation
import LatheDiagnostics

/// A program beside this one that reads and writes files, run within a time limit.
public struct ExternalProgram: Sendable {
  /// How it was asked for, for messages.
  public let command: String
  private let executable: String
  private let arguments: [String]
  private let timeout: Duration

  /// - Parameter command: a program and its arguments, parted by spaces; without a slash, the program is found in PATH.
  public init(command: String, timeout: Duration) {
    (self.command, self.timeout) = (command, timeout)
    let words = command.split(separator: " ").map { String($0) }
    let isPath = words.first?.contains("/") ?? true
    executable = isPath ? words.first ?? "" : "/usr/bin/env"
    arguments = isPath ? Array(words.dropFirst()) : words
  }

  /// Runs it in a folder of its own, which is removed in the end.
  ///
  /// - Parameters:
  ///   - prepare: writes what the program reads, and gives the arguments behind those of the command.
  ///   - collect: reads what the program wrote.
  /// - Throws: `plugins/…` for a program that fails, crashes or does not end in time, with the last it wrote.
  public func run<R>(
    prepare: (_ folder: String) throws(Diagnostic) -> [String], collect: (_ folder: String) throws(Diagnostic) -> R
  ) throws(Diagnostic) -> R {
    let folder = try TemporaryDirectory()
    defer { folder.remove() }
    let more = try prepare(folder.path(""))
    let result = try ChildProcess(executable: executable, arguments: arguments + more).run(timeout: timeout, echoes: false)
    switch result.ending {
    case .exited(0): break
    case .exited(let status): throw failure("plugins/failed", "the program ended with status \(status)", result)
    case .signalled(let number):
      throw failure("plugins/crashed", "the program was ended by signal \(number), \(String(cString: strsignal(number)))", result)
    case .timedOut:
      throw failure(
        "plugins/timeout", "the program was ended after \(timeout)", result, fix: "allow it longer with --plugin-timeout SECONDS")
    }
    do throws(Diagnostic) {
      return try collect(folder.path(""))
    } catch {
      let file = error.location.file.map { ($0 as NSString).lastPathComponent + ": " } ?? ""
      var located = failure(error.id, "what the program wrote cannot be used: \(file)\(error.message)", result, fix: error.fix)
      located.location.value = error.location.value
      located.category = error.category
      throw located
    }
  }

  private func failure(_ id: String, _ message: String, _ result: ChildProcess.Result, fix: String? = nil) -> Diagnostic {
    let lines = result.tail.split(whereSeparator: \.isNewline).suffix(8).map { "it wrote: \($0)" }
    return .invalid(id, message, at: Location(file: command), notes: lines, fix: fix)
  }
}
