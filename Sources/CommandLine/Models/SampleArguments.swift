import ArgumentParser
import LatheDiagnostics
import LatheSamples

/// `--max-length`, `--batch` and `--threads`: how samples become feeds and run.
struct SampleArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Most tokens of a text, special tokens included.", valueName: "tokens"))
  var maxLength = 64

  @Option(help: ArgumentHelp("Texts that run together.", valueName: "rows"))
  var batch = 16

  @Option(help: ArgumentHelp("Threads (default: one a core).", valueName: "count"))
  var threads: Int?

  /// Threads that are asked for, or one for each core.
  var threadCount: Int { threads ?? FeedRunner.defaultThreads }

  func options(_ limits: ResourceLimits) -> SampleOptions {
    SampleOptions(maximumLength: maxLength, batchSize: batch, limits: limits)
  }

  mutating func validate() throws {
    guard maxLength >= 2 else { throw ValidationError("--max-length is at least 2, for [CLS] and [SEP]") }
    guard batch >= 1 else { throw ValidationError("--batch is at least 1") }
    guard threads.map({ $0 >= 1 && $0 <= 1024 }) ?? true else { throw ValidationError("--threads is 1 to 1024") }
  }
}
