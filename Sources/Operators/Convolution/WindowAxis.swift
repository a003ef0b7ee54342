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
      throw .invalid("operator/window", "a window of \(span) elements does not fit into \(room + span), padding included")
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

/// Windows over concrete spatial axes.
struct WindowGrid {
  /// Extents of the axes.
  let input: [Int]
  /// Extents of the window.
  let kernel: [Int]
  /// Number of windows on each axis.
  let output: [Int]
  let strides: [Int]
  let dilations: [Int]
  /// Padding before and after each axis.
  let padding: [(before: Int, after: Int)]

  init(input: [Int], kernel: [Int], output: [Int], strides: [Int], dilations: [Int], padding: [(before: Int, after: Int)]) {
    self.input = input
    self.kernel = kernel
    self.output = output
    self.strides = strides
    self.dilations = dilations
    self.padding = padding
  }

  /// - Throws: `operator/window` if no window fits.
  init(_ axes: [WindowAxis], over input: [Int]) throws(Diagnostic) {
    var output: [Int] = []
    for (axis, extent) in zip(axes, input) { output.append(try axis.count(over: .known(extent)).known ?? 0) }
    self.init(
      input: input, kernel: axes.map { $0.kernel.known ?? 1 }, output: output, strides: axes.map(\.stride),
      dilations: axes.map(\.dilation),
      padding: axes.indices.map { axes[$0].padding(input[$0], count: output[$0]) })
  }

  var inputCount: Int { input.reduce(1, *) }
  var kernelCount: Int { kernel.reduce(1, *) }
  var outputCount: Int { output.reduce(1, *) }

  /// Windows at a time such that tables of their elements stay at about a million entries.
  func tile(elementsPerWindow: Int) -> Int { Swift.max(1, (1 << 20) / Swift.max(1, elementsPerWindow)) }

  /// Where the windows in `range` find their elements in the input: for each element of the window, for each window, the position or −1
  /// in the padding.
  func positions(_ range: Range<Int>) -> [Int] {
    var result = [Int](repeating: 0, count: kernelCount * range.count)
    let windows = range.map { Self.coordinates($0, in: output) }
    for element in 0..<kernelCount {
      let offset = Self.coordinates(element, in: kernel)
      for (place, window) in windows.enumerated() {
        var position = 0
        for axis in input.indices {
          let coordinate = window[axis] * strides[axis] - padding[axis].before + offset[axis] * dilations[axis]
          guard coordinate >= 0, coordinate < input[axis] else {
            position = -1
            break
          }
          position = position * input[axis] + coordinate
        }
        result[element * range.count + place] = position
      }
    }
    return result
  }

  /// How many elements of a window lie in the input or its padding.
  func paddedCount(_ window: Int) -> Int {
    let first = Self.coordinates(window, in: output)
    var product = 1
    for axis in input.indices {
      let end = input[axis] + padding[axis].after
      let inside = (0..<kernel[axis]).count {
        first[axis] * strides[axis] - padding[axis].before + $0 * dilations[axis] < end
      }
      product *= inside
    }
    return product
  }

  /// Coordinates of a row-major position.
  static func coordinates(_ position: Int, in shape: [Int]) -> [Int] {
    var rest = position
    var result = [Int](repeating: 0, count: shape.count)
    for axis in shape.indices.reversed() {
      result[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    return result
  }
}
