internal import Foundation
import LatheDiagnostics

/// A program that runs in a process group of its own, so that nothing of it outlives its time.
struct ChildProcess {
  /// How it ended.
  enum Ending: Equatable {
    case exited(Int32)
    case signalled(Int32)
    case timedOut
  }

  /// What it left.
  struct Result {
    var ending: Ending
    /// The last of what it wrote to standard output and standard error.
    var tail: String

    /// What is wrong with how it ended; nil if nothing is.
    ///
    /// - Parameters:
    ///   - program: as the user knows it.
    ///   - timeout: the time that it had.
    func failure(of program: String, timeout: Duration) -> Diagnostic? {
      switch ending {
      case .exited(0): nil
      case .exited(let status): fault("plugins/failed", "the program ended with status \(status)", of: program)
      case .signalled(let number):
        fault("plugins/crashed", "the program was ended by signal \(number), \(String(cString: strsignal(number)))", of: program)
      case .timedOut:
        fault(
          "plugins/timeout", "the program was ended after \(timeout)", of: program, fix: "allow it longer with --plugin-timeout SECONDS")
      }
    }

    /// A diagnostic with the last lines that the program wrote.
    func fault(_ id: String, _ message: String, of program: String, fix: String? = nil) -> Diagnostic {
      let lines = tail.split(whereSeparator: \.isNewline).suffix(8).map { "it wrote: \($0)" }
      return .invalid(id, message, at: Location(file: program), notes: lines, fix: fix)
    }
  }

  private static let tailBytes = 8 << 10

  let executable: String
  let arguments: [String]
  /// The file that its standard output goes to; where that of standard error goes if nil.
  var outputPath: String?

  /// Runs it to its end; what it writes also goes to this process's standard error.
  ///
  /// - Parameter echoes: whether its output is passed on.
  /// - Throws: `plugins/start` if it cannot be started.
  func run(timeout: Duration, echoes: Bool) throws(Diagnostic) -> Result {
    var pipes: [Int32] = [0, 0]
    guard pipe(&pipes) == 0 else { throw cannotStart(errno) }
    for descriptor in pipes { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    defer { close(pipes[0]) }
    let group: ProcessGroup
    do throws(ProcessGroup.StartFailure) {
      defer { close(pipes[1]) }
      group = try start(output: pipes[1])
    } catch {
      throw cannotStart(error.code)
    }
    return wait(for: group, output: pipes[0], timeout, echoes)
  }

  private func start(output: Int32) throws(ProcessGroup.StartFailure) -> ProcessGroup {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    if let outputPath {
      posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    } else {
      posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    }
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
    return try ProcessGroup(executable, [executable] + arguments, actions: &actions)
  }

  private func wait(for group: ProcessGroup, output: Int32, _ timeout: Duration, _ echoes: Bool) -> Result {
    let clock = ContinuousClock()
    let deadline = clock.now + timeout
    var tail: [UInt8] = []
    _ = fcntl(output, F_SETFL, O_NONBLOCK)
    var hasEnded = false
    repeat {
      var poller = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      poll(&poller, 1, 20)
      Self.drain(output, into: &tail, echoes)
      hasEnded = group.hasEnded
    } while !hasEnded && clock.now <= deadline
    // What the program started and left running goes as well.
    let status = group.end()
    Self.drain(output, into: &tail, echoes)
    return Result(ending: hasEnded ? Self.ending(status) : .timedOut, tail: String(decoding: tail, as: UTF8.self))
  }

  private static func drain(_ descriptor: Int32, into tail: inout [UInt8], _ echoes: Bool) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    // A program that writes without end must not keep its timeout from being looked at.
    for _ in 0..<16 {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      tail += buffer[..<count]
      if echoes { _ = buffer.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, count) } }
    }
    if tail.count > tailBytes { tail.removeFirst(tail.count - tailBytes) }
    // At the end of the stream, poll would return at once.
    usleep(1000)
  }

  private static func ending(_ status: Int32) -> Ending {
    let signal = status & 0x7F
    return signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
  }

  private func cannotStart(_ code: Int32) -> Diagnostic {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: executable, isDirectory: &isFolder), isFolder.boolValue {
      return .invalid("plugins/start", "this is a folder, not a program", at: Location(file: executable), fix: "write exec:COMMAND")
    }
    let category: Diagnostic.Category = code == ENOENT ? .missingInput : .invalidInput
    let fixes = [
      EACCES: "make it executable: chmod +x \(executable)", ENOEXEC: "start it with #! and its interpreter",
      ENOENT: executable.contains("/") ? nil : "there is no such program in PATH: give its path",
    ]
    return Diagnostic(
      "plugins/start", category, "the program cannot be started: \(String(cString: strerror(code)))",
      at: Location(file: executable),
      fix: fixes[code] ?? nil)
  }
}
