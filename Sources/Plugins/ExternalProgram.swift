internal import Foundation
import LatheDiagnostics
import LatheFiles

/// A program beside this one that reads and writes files, run within a time limit.
public struct ExternalProgram: Sendable {
  /// The diagnostic of a program that ended well and yet wrote nothing.
  static let noOutput = "plugins/no-output"

  /// How it was asked for, for messages.
  public let command: String
  private let executable: String
  private let arguments: [String]
  private let timeout: Duration

  /// - Parameter command: the path of a file, or a program and its arguments, parted by spaces; a program without a slash that is no file
  ///   here is found in PATH.
  public init(command: String, timeout: Duration) {
    let words = Self.isFile(command) ? [command] : command.split(separator: " ").map { String($0) }
    self.init(Self.path(of: words.first ?? ""), Array(words.dropFirst()), named: command, timeout: timeout)
  }

  /// - Parameter name: for messages.
  public init(_ executable: String, _ arguments: [String], named name: String, timeout: Duration) {
    (self.executable, self.arguments, command, self.timeout) = (executable, arguments, name, timeout)
  }

  private static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  private static func path(of program: String) -> String {
    guard !program.contains("/") else { return program }
    if isFile(program) { return "./" + program }
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.lazy.map { "\($0)/\(program)" }.first { isFile($0) && access($0, X_OK) == 0 } ?? program
  }

  /// Runs it in a folder of its own, which is removed in the end.
  ///
  /// - Parameters:
  ///   - output: the file in that folder that standard output goes to; nil to keep only the last of it, for messages.
  ///   - echoes: whether what it writes is passed on to standard error.
  ///   - prepare: writes what the program reads, and gives the arguments behind those of the command.
  ///   - collect: reads what the program wrote.
  /// - Throws: `plugins/…` for a program that fails, crashes or does not end in time, with the last it wrote.
  public func run<R>(
    output: String? = nil, echoes: Bool = false,
    prepare: (_ folder: String) throws(Diagnostic) -> [String], collect: (_ folder: String) throws(Diagnostic) -> R
  ) throws(Diagnostic) -> R {
    let folder = try TemporaryDirectory()
    defer { folder.remove() }
    let more = try prepare(folder.path(""))
    var process = ChildProcess(executable: executable, arguments: arguments + more)
    process.outputPath = output.map { folder.path($0) }
    let result = try process.run(timeout: timeout, echoes: echoes)
    if let failure = result.failure(of: command, timeout: timeout) { throw failure }
    do throws(Diagnostic) {
      return try collect(folder.path(""))
    } catch {
      throw located(error, result)
    }
  }

  /// Names the program rather than a file that is gone by the time the message is read.
  private func located(_ error: Diagnostic, _ result: ChildProcess.Result) -> Diagnostic {
    let file = error.location.file.map { ($0 as NSString).lastPathComponent + ": " } ?? ""
    let message = error.id == Self.noOutput ? error.message : "what the program wrote cannot be used: \(file)\(error.message)"
    var located = result.fault(error.id, message, of: command, fix: error.fix)
    located.notes = error.notes + located.notes
    located.location.value = error.location.value
    located.category = error.category
    return located
  }
}
