internal import Foundation
import LatheDiagnostics
import LatheFiles

/// Runs this program once more with the same arguments, so that a plugin's crash or hang ends that process and not this one.
///
/// The inner process writes a line to a pipe before each step; that is how the outer one knows which pass was running. Its temporary
/// files lie in a folder (TMPDIR) that the outer one removes, however the inner one ends.
public struct Supervisor: Sendable {
  private static let variable = "LATHE_SUPERVISED"

  /// A program's own timeout, which says more, comes first.
  private static let grace = Duration.seconds(1)

  /// How long one step may take whose time is bounded.
  public var timeout: Duration

  public init(timeout: Duration) { self.timeout = timeout }

  /// Whether this is the inner process.
  public static var isInner: Bool { ProcessInfo.processInfo.environment[variable] != nil }

  /// The pipe to the outer process; 0 in the variable stands for none.
  private static var descriptor: Int32? {
    ProcessInfo.processInfo.environment[variable].flatMap { Int32($0) }.flatMap { $0 > 2 ? $0 : nil }
  }

  /// Keeps programs that the inner process starts from holding the pipe, and plugins that print from spoiling what lathe prints.
  ///
  /// - Returns: where standard output is from now on: what anybody else writes there goes to standard error.
  public static func begin() -> Int32 {
    if let descriptor { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    let output = dup(STDOUT_FILENO)
    guard output >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else { return STDOUT_FILENO }
    _ = fcntl(output, F_SETFD, FD_CLOEXEC)
    return output
  }

  /// Tells the outer process which pass runs now, and whether its time is bounded; nothing happens without one.
  public static func announce(_ step: String, isBounded: Bool) {
    send((isBounded ? "+" : "-") + step.replacing("\n", with: " "))
  }

  /// Tells the outer process that the exit code to come is this program's own.
  public static func announceEnd() { send(end) }

  private static let end = "="

  private static func send(_ text: String) {
    guard let descriptor else { return }
    let line = Array((text + "\n").utf8)
    _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  }

  /// Runs the program again and returns its exit code.
  ///
  /// - Throws: `plugins/crashed` and `plugins/timeout`, with the step that was announced last; `plugins/start`.
  public func run(_ arguments: [String]) throws(Diagnostic) -> Int32 {
    let folder = try TemporaryDirectory()
    defer { folder.remove() }
    var pipes: [Int32] = [0, 0]
    guard pipe(&pipes) == 0 else { throw Self.cannotStart(errno) }
    _ = fcntl(pipes[0], F_SETFD, FD_CLOEXEC)
    defer { close(pipes[0]) }
    let group = try start(arguments, pipes[1], folder.path)
    return try wait(for: group, pipes[0])
  }

  private func start(_ arguments: [String], _ descriptor: Int32, _ folder: String) throws(Diagnostic) -> ProcessGroup {
    defer { close(descriptor) }
    var environment = ProcessInfo.processInfo.environment
    environment[Self.variable] = "\(descriptor)"
    environment["TMPDIR"] = folder
    do throws(ProcessGroup.StartFailure) {
      return try ProcessGroup("/proc/self/exe", arguments, environment: environment.map { "\($0)=\($1)" }, isOwn: true)
    } catch {
      throw Self.cannotStart(error.code)
    }
  }

  private func wait(for group: ProcessGroup, _ pipe: Int32) throws(Diagnostic) -> Int32 {
    _ = fcntl(pipe, F_SETFL, O_NONBLOCK)
    let clock = ContinuousClock()
    var step = ""
    var hasEnded = false
    var since = clock.now
    while true {
      var poller = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
      poll(&poller, 1, 20)
      let isGone = group.hasEnded
      for line in Self.lines(pipe) {
        hasEnded = line == Self.end
        if !hasEnded { step = line }
        since = clock.now
      }
      if isGone { break }
      guard step.hasPrefix("+"), clock.now > since + timeout + Self.grace else {
        if poller.revents & Int16(POLLHUP) != 0 { usleep(2000) }
        continue
      }
      _ = group.end()
      throw .invalid(
        "plugins/timeout", "it was ended after \(timeout)", at: Self.place(step), fix: "allow it longer with --plugin-timeout SECONDS")
    }
    // A backtrace of a crash is written by now; what a plugin started goes as well.
    let status = group.end()
    let (signal, code) = (status & 0x7F, (status >> 8) & 0xFF)
    if signal == 0, hasEnded { return code }
    let how = signal == 0 ? "with status \(code), without a result" : "by signal \(signal), \(String(cString: strsignal(signal)))"
    throw .invalid(
      "plugins/crashed", "a plugin ended the process \(how)", at: Self.place(step),
      notes: ["nothing was written"],
      fix: "mend the plugin: LATHE_SUPERVISED=0 before the command runs it in one process, for a debugger")
  }

  private static let loading = "loading "

  /// Tells the outer process that a plugin is loaded now, or that it is loaded.
  static func announceLoading(_ path: String, isBounded: Bool) { announce(loading + path, isBounded: isBounded) }

  /// What an announced step was: a pass, or the loading of a plugin.
  private static func place(_ step: String) -> Location {
    let name = String(step.dropFirst())
    guard name.hasPrefix(loading) else { return Location(pass: name.isEmpty ? nil : name) }
    return Location(file: String(name.dropFirst(loading.count)))
  }

  /// The whole lines that can be read.
  private static func lines(_ pipe: Int32) -> [String] {
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    let count = read(pipe, &buffer, buffer.count)
    guard count > 0 else { return [] }
    return buffer[..<count].split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func cannotStart(_ code: Int32) -> Diagnostic {
    Diagnostic("plugins/start", .internalFault, "lathe cannot start itself: \(String(cString: strerror(code)))")
  }
}
