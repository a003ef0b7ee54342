import LatheDiagnostics
import LatheTensors

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

  /// Products of the extents.
  let inputCount: Int
  let kernelCount: Int
  let outputCount: Int

  /// - Throws: `operator/window` for windows of more elements than anyone means.
  init(
    input: [Int], kernel: [Int], output: [Int], strides: [Int], dilations: [Int], padding: [(before: Int, after: Int)]
  ) throws(Diagnostic) {
    inputCount = try Tensor.elementCount(of: input)
    kernelCount = try Tensor.elementCount(of: kernel)
    outputCount = try Tensor.elementCount(of: output)
    guard kernelCount <= Self.mostElements else {
      throw .invalid("operator/window", "a window of \(kernel) elements is too large")
    }
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
    try self.init(
      input: input, kernel: axes.map { $0.kernel.known ?? 1 }, output: output, strides: axes.map(\.stride),
      dilations: axes.map(\.dilation),
      padding: axes.indices.map { axes[$0].padding(input[$0], count: output[$0]) })
  }

  /// Elements that a window may have.
  private static let mostElements = 1 << 24

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
