internal import Foundation
import LatheFiles

/// A program in a process group of its own, which goes with this process when a signal ends that.
struct ProcessGroup {
  /// Why a program cannot be started, as the system numbers it.
  struct StartFailure: Error {
    let code: Int32
  }

  private let leader: pid_t

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - words: its arguments, the first of which is its name.
  ///   - environment: `KEY=VALUE`; this process's if nil.
  ///   - actions: what becomes of descriptors; none if nil.
  ///   - isOwn: whether it is lathe itself, which tidies up when a signal is passed on to it.
  init(
    _ executable: String, _ words: [String], environment: [String]? = nil, actions: UnsafePointer<posix_spawn_file_actions_t>? = nil,
    isOwn: Bool = false
  ) throws(StartFailure) {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (defaults, mask) = (sigset_t(), sigset_t())
    sigemptyset(&defaults)
    for signal in [SIGPIPE, SIGXFSZ, SIGINT, SIGTERM] { sigaddset(&defaults, signal) }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    pthread_sigmask(SIG_BLOCK, nil, &mask)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    var settings: [UnsafeMutablePointer<CChar>?] = (environment ?? []).map { strdup($0) } + [nil]
    defer { for word in arguments + settings { free(word) } }
    leader = try Interruption.deferred { () throws(StartFailure) in
      var child: pid_t = 0
      var status: Int32
      var attempts = 0
      repeat {
        status =
          environment == nil
          ? posix_spawn(&child, executable, actions, &attributes, &arguments, environ)
          : posix_spawn(&child, executable, actions, &attributes, &arguments, &settings)
        attempts += 1
        // A file just written counts as open for writing while another process, forked meanwhile, has not yet closed what it inherited.
        if status == ETXTBSY { usleep(10_000) }
      } while status == ETXTBSY && attempts < 100
      guard status == 0 else { throw StartFailure(code: status) }
      if isOwn { Interruption.add(ownProcess: child) } else { Interruption.add(program: child) }
      return child
    }
  }

  /// Whether the program has ended; its number stays its own until `end`.
  var hasEnded: Bool {
    var info = siginfo_t()
    return waitid(P_PID, id_t(leader), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_signo != 0
  }

  /// Kills whatever of the group still runs.
  ///
  /// - Returns: the program's status, as `waitpid` gives it.
  func end() -> Int32 {
    kill(-leader, SIGKILL)
    Interruption.remove(group: leader)
    var status: Int32 = 0
    while waitpid(leader, &status, 0) < 0, errno == EINTR {}
    return status
  }
}
