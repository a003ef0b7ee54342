import ArgumentParser
internal import Foundation
import LatheFiles

/// The `lathe` executable.
@main
struct LatheCommand: ParsableCommand {
  /// Version of the tool, written into every record.
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "lathe",
    abstract: "Makes a trained network small and fast, and proves that it still does its job.",
    discussion: """
      Exit codes: 0 done or equivalent; 1 not equivalent, or a promise or budget broken; 64 wrong usage; 65 bad input; \
      66 no such input; 70 a fault in lathe; 73 the output cannot be written.
      """,
    version: version,
    subcommands: [Convert.self, Calibrate.self, Score.self, Count.self, Sweep.self, Verify.self, Gate.self, Diff.self, Run.self, Inspect.self, Bench.self, Passes.self, Test.self])

  static func main() {
    // A full quota and a reader that went away are errors of a write, which are reported; as signals they would end the process.
    signal(SIGXFSZ, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    Interruption.install()
    main(nil)
  }
}
