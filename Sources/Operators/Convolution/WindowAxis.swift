import LatheDiagnostics
import LatheTensors

/// A window on one spatial axis.
struct WindowAxis {
  var kernel: Dimension
  var stride: Int
  var dilation: Int
  var before: Int
  var after: Int
  var autoPad: SlidingWindow.AutoPad
  var roundsUp: Bool

  /// Distance from the window's first element to the one after its last.
  private var span: Dimension { (kernel - 1) * .known(dilation) + 1 }

  /// Number of windows on an axis of the given extent.
  ///
  /// - Throws: `operator/window` if not even one fits.
  func count(over extent: Dimension) throws(Diagnostic) -> Dimension {
    if let input = extent.known, let span = span.known { return .known(try count(over: input, span: span)) }
    let step = Dimension.known(stride)
    switch autoPad {
    case .sameUpper, .sameLower: return (extent + .known(stride - 1)).floorDivided(by: step)
    case .valid: return (extent - span).floorDivided(by: step) + 1
    case .explicit:
      guard !roundsUp || stride == 1 else { return .unknown }
      return (extent + .known(before + after) - span).floorDivided(by: step) + 1
    }
  }

  private func count(over input: Int, span: Int) throws(Diagnostic) -> Int {
    guard input <= 1 << 48 else { throw .invalid("operator/window", "an axis of \(input) elements is too long") }
    if autoPad == .sameUpper || autoPad == .sameLower { return (input + stride - 1) / stride }
    let room = (autoPad == .valid ? input : input + before + after) - span
    guard room >= 0 else {
      throw .invalid(
        "operator/window", "a window of \(span) elements does not fit into \(room + span), padding included")
    }
    guard roundsUp, autoPad == .explicit else { return room / stride + 1 }
    let count = (room + stride - 1) / stride + 1
    // A window that would start behind the input and the padding before it is left out.
    return (count - 1) * stride >= input + before ? count - 1 : count
  }

  /// The padding before and after an axis of the given extent.
  func padding(_ input: Int, count: Int) -> (before: Int, after: Int) {
    guard autoPad == .sameUpper || autoPad == .sameLower, let span = span.known else {
      return autoPad == .valid ? (0, 0) : (before, after)
    }
    let total = Swift.max(0, (count - 1) * stride + span - input)
    return autoPad == .sameUpper ? (total / 2, total - total / 2) : (total - total / 2, total / 2)
  }
}
