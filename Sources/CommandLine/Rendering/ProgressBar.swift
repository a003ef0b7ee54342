import Synchronization

/// A bar on standard error while something long goes on; silent unless a person is looking.
final class ProgressBar: Sendable {
  private let title: String
  private let total: Int
  private let terminal = Terminal.error
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let state = Mutex((done: 0, drawn: ContinuousClock.Instant?.none))

  init(_ title: String, total: Int) {
    self.title = title
    self.total = total
    start = clock.now
  }

  /// Counts `count` more as done; safe from any thread.
  func advance(by count: Int = 1) {
    guard terminal.isInteractive, total > 0 else { return }
    state.withLock { state in
      state.done += count
      let now = clock.now
      if let drawn = state.drawn, drawn.duration(to: now) < .milliseconds(80), state.done < total { return }
      state.drawn = now
      draw(state.done, now)
    }
  }

  /// Removes the bar.
  func finish() {
    guard terminal.isInteractive else { return }
    state.withLock { state in if state.drawn != nil { terminal.write("\r\u{1B}[K") } }
  }

  private func draw(_ done: Int, _ now: ContinuousClock.Instant) {
    let fraction = Double(done) / Double(total)
    let elapsed = start.duration(to: now) / .seconds(1)
    let remaining = fraction > 0 ? elapsed / fraction - elapsed : 0
    let tail = " \(done)/\(total)  \(Int(remaining.rounded(.up))) s left"
    let width = Swift.max(10, Swift.min(40, terminal.columns - title.count - tail.count - 4))
    let filled = Int(fraction * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    terminal.write("\r\u{1B}[K\(title) \(bar)\(tail)")
  }
}
