internal import Foundation
import LatheDiagnostics
import LatheSamples
import LatheTensors

/// Runs a model over all feeds of a sample set, several at once.
struct FeedRunner: Sendable {
  let engine: Engine
  let threads: Int

  /// Threads that `--threads` means by default: one for each core.
  static var defaultThreads: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// Calls `body` with each feed's outputs; its results are in the order of the feeds.
  ///
  /// - Throws: the diagnostic of the first feed that fails, with the sample it holds.
  func map<R: Sendable>(
    _ set: SampleSet, progress: ProgressBar, _ body: @Sendable (Int, [Tensor]) throws(Diagnostic) -> R
  ) throws(Diagnostic) -> [R] {
    defer { progress.finish() }
    return try concurrentMap(set.feeds.count, threads: engine.concurrency(threads)) { (index) throws(Diagnostic) in
      let feed = set.feeds[index]
      let outputs = try engine.run(feed)
      progress.advance(by: feed.samples.count)
      return try body(index, outputs)
    }
  }
}
