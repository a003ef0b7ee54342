internal import Foundation
import LatheDiagnostics
import LatheInterpreter
import LatheSamples
import LatheTensors

/// Runs a model over all feeds of a sample set, several at once.
struct FeedRunner: Sendable {
  let interpreter: Interpreter
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
    return try concurrentMap(set.feeds.count, threads: threads) { (index) throws(Diagnostic) in
      let feed = set.feeds[index]
      let outputs = try interpreter.run(feed)
      progress.advance(by: feed.samples.count)
      return try body(index, outputs)
    }
  }
}

extension Interpreter {
  /// The outputs of one feed.
  ///
  /// - Throws: the interpreter's diagnostics, with the sample that the feed holds.
  func run(_ feed: Feed) throws(Diagnostic) -> [Tensor] {
    do throws(Diagnostic) {
      guard !feed.compounds.isEmpty else { return try run(feed.inputs) }
      var outputs: [Tensor] = []
      for output in try run(feed.values) { outputs.append(try output.requireTensor()) }
      return outputs
    } catch {
      var located = error
      located.notes.append("while running sample \((feed.samples.first ?? 0) + 1)")
      throw located
    }
  }
}
