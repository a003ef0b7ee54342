internal import Foundation
import LatheDiagnostics
import LatheIR
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

  /// The outputs of all feeds; an engine that can be asked once for all is.
  ///
  /// - Throws: as `map`.
  func outputs(_ feeds: [Feed], progress: ProgressBar? = nil) throws(Diagnostic) -> [[Tensor]] {
    if let outputs = try engine.runTogether(feeds) {
      progress?.advance(by: feeds.reduce(0) { $0 + $1.samples.count })
      return outputs
    }
    let names = Set(engine.graph.inputs.map { engine.graph[$0].name })
    return try concurrentMap(feeds.count, threads: threads) { (index) throws(Diagnostic) in
      let outputs = try engine.run(feeds[index].restricted(to: names))
      progress?.advance(by: feeds[index].samples.count)
      return outputs
    }
  }
}
