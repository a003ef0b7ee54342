internal import Foundation

/// One finished run of a program.
///
/// Started and awaited by the system's own calls: Foundation's `Process` can miss the end of one of several that run at once.
public struct ProgramRun: Sendable {
  /// The exit code; the negative number of the signal that ended it.
  public let status: Int32
  public let output: String
  public let errors: String

  /// Runs a program, found in PATH, and waits for it.
  ///
  /// - Parameter folder: where it runs; here if nil.
  public init(_ arguments: [String], in folder: String? = nil) throws {
    let files = try TemporaryFolder()
    let (out, err) = (files.file("out"), files.file("err"))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out, O_WRONLY | O_CREAT, 0o600)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err, O_WRONLY | O_CREAT, 0o600)
    let command = folder.map { ["sh", "-c", "cd \"$0\" && exec \"$@\"", $0] + arguments } ?? arguments
    var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    let code = posix_spawnp(&child, command[0], &actions, nil, &words, environ)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .ENOENT) }
    var ending: Int32 = 0
    while waitpid(child, &ending, 0) < 0, errno == EINTR {}
    status = ending & 0x7F == 0 ? (ending >> 8) & 0xFF : -(ending & 0x7F)
    output = String(decoding: FileManager.default.contents(atPath: out) ?? Data(), as: UTF8.self)
    errors = String(decoding: FileManager.default.contents(atPath: err) ?? Data(), as: UTF8.self)
  }
}
