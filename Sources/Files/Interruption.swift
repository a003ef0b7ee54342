internal import CLatheInterruption
internal import Foundation

/// What goes when SIGINT, SIGTERM or SIGHUP ends this process: programs that run, folders for a time, files that are not in their place yet.
///
/// The process dies by the signal as it would without all this. The handler, in C, takes neither locks nor memory.
public enum Interruption {
  /// Installs the handler; a signal that whoever started this process ignores stays ignored.
  public static func install() { lathe_interruption_install() }

  /// Runs `body` while this thread takes no such signal, so that what it makes is known before one ends the process.
  public static func deferred<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    var (blocked, before) = (sigset_t(), sigset_t())
    sigemptyset(&blocked)
    for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&blocked, number) }
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    return try body()
  }

  /// Takes note of a program's process group: it is killed.
  public static func add(program group: Int32) { lathe_interruption_add_program(group) }

  /// Takes note of the group of another process of lathe: the signal is passed on to it, so that it tidies up, before that is killed.
  public static func add(ownProcess group: Int32) { lathe_interruption_add_own_process(group) }

  /// Leaves a group alone from now on; to be called while its number cannot be another's yet.
  public static func remove(group: Int32) { lathe_interruption_remove_group(group) }

  /// A file, or a folder with all that is in it, which goes with the process.
  public struct Path: Sendable {
    /// The path itself.
    public let text: String
    /// The C string in the handler's table.
    private let address: Int

    /// Takes note of a path.
    public init(_ text: String) {
      self.text = text
      let copy = strdup(text)
      address = Int(bitPattern: copy)
      if let copy { lathe_interruption_add_path(copy) }
    }

    /// Leaves it alone from now on.
    public func forget() {
      guard let copy = UnsafeMutablePointer<CChar>(bitPattern: address), lathe_interruption_take_path(copy) != 0 else { return }
      free(copy)
    }
  }
}
