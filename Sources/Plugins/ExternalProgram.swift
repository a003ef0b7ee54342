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
    if let failure = result.failure(of: command, timeout: timeout) { throw failure }
    do throws(Diagnostic) {
      return try collect(folder.path(""))
    } catch {
      let file = error.location.file.map { ($0 as NSString).lastPathComponent + ": " } ?? ""
      var located = result.fault(error.id, "what the program wrote cannot be used: \(file)\(error.message)", of: command, fix: error.fix)
      located.location.value = error.location.value
      located.category = error.category
      throw located
    }
  }
}
