internal import Dispatch
import LatheDiagnostics
import Synchronization

/// Computes `body` for 0 ..< `count` on up to `threads` threads; results are in order whatever the threads did.
///
/// - Throws: the error of the lowest index that failed; work not begun by then is left undone.
func concurrentMap<R: Sendable>(
  _ count: Int, threads: Int, _ body: @Sendable (Int) throws(Diagnostic) -> R
) throws(Diagnostic) -> [R] {
  let state = Mutex(ConcurrentMapState<R>(count: count))
  let workers = Swift.max(1, Swift.min(threads, count))
  DispatchQueue.concurrentPerform(iterations: workers) { _ in
    while true {
      let index: Int? = state.withLock { state in
        guard state.failure == nil, state.next < count else { return nil }
        defer { state.next += 1 }
        return state.next
      }
      guard let index else { return }
      do throws(Diagnostic) {
        let result = try body(index)
        state.withLock { $0.results[index] = result }
      } catch {
        state.withLock { state in
          if state.failure == nil || index < state.failure?.index ?? 0 { state.failure = (index, error) }
        }
      }
    }
  }
  return try state.withLock { (state) throws(Diagnostic) in
    if let failure = state.failure { throw failure.error }
    return state.results.compactMap { $0 }
  }
}

/// What the threads of `concurrentMap` share.
private struct ConcurrentMapState<R: Sendable> {
  var next = 0
  var results: [R?]
  var failure: (index: Int, error: Diagnostic)?

  init(count: Int) { results = Array(repeating: nil, count: count) }
}
