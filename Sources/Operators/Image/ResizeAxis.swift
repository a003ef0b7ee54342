/// One axis that Resize changes.
struct ResizeAxis {
  var axis: Int
  /// Extents before and after; a result that is not empty comes from an input that is not.
  var input: Int
  var output: Int
  var scale: Double
  /// Start and end of the part of the input that is resized, where 0 and 1 are its ends.
  var region: (start: Double, end: Double)?

  /// Whether nothing changes.
  var isIdentity: Bool {
    input == output && abs(scale - 1) < 1e-9 && (region.map { $0.start == 0 && $0.end == 1 } ?? true)
  }

  var growth: Double { Double(output) / Double(Swift.max(1, input)) }

  /// The place in the input for a position of the result.
  private func place(_ position: Int, _ transformation: ResizeSampling.Transformation) -> Double {
    let (x, extent) = (Double(position), Double(input))
    // The extent of the result before it was rounded to a whole number.
    let width = scale * extent
    switch transformation {
    case .halfPixel: return (x + 0.5) / scale - 0.5
    case .asymmetric: return x / scale
    case .alignCorners: return width == 1 ? 0 : x * (extent - 1) / (width - 1)
    case .pytorchHalfPixel: return width == 1 ? -0.5 : (x + 0.5) / scale - 0.5
    case .halfPixelSymmetric: return extent / 2 * (1 - Double(output) / width) + (x + 0.5) / scale - 0.5
    case .cropAndResize:
      let (start, end) = region ?? (0, 1)
      let offset = width == 1 ? (end - start) / 2 : x * (end - start) / (width - 1)
      return (start + offset) * (extent - 1)
    }
  }

  /// Whether a place is taken to hold the value for extrapolation.
  private func isOutside(_ place: Double, _ sampling: ResizeSampling) -> Bool {
    sampling.transformation == .cropAndResize && !(place >= 0 && place <= Double(input - 1))
  }

  /// The runs of positions that the result takes from the input.
  func nearest(_ sampling: ResizeSampling) -> [AxisRun] {
    var runs: [AxisRun] = []
    for position in 0..<output {
      let place = place(position, sampling.transformation)
      guard !isOutside(place, sampling) else {
        runs.append(.fill(1))
        continue
      }
      let rounded =
        switch sampling.rounding {
        case .floor: place.rounded(.down)
        case .ceiling: place.rounded(.up)
        case .preferFloor: (place - 0.5).rounded(.up)
        case .preferCeiling: (place + 0.5).rounded(.down)
        }
      let index = Int(Swift.min(Swift.max(rounded, 0), Double(input - 1)))
      if let last = runs.last, case .input(let start, 1) = last.source, start + last.count == index {
        runs[runs.count - 1].count += 1
      } else {
        runs.append(.input(index, 1))
      }
    }
    return runs
  }

  /// The elements of the input that make up each of the result, with their weights.
  func weights(_ sampling: ResizeSampling, isCubic: Bool) -> ResizeWeights {
    let support = isCubic ? 2.0 : 1.0
    // A result that is not empty has at least half an element for all of the input, which bounds the number of taps.
    let squeeze = sampling.isAntialiased ? Swift.max(Swift.min(scale, 1), 0.25 / Double(Swift.max(1, input))) : 1
    let first = Int((-support / squeeze).rounded(.down)) + 1
    let count = 2 - 2 * first
    var result = ResizeWeights(count: count, output: output, extrapolation: Double(sampling.extrapolation))
    let reach = Double(count + 2)
    for position in 0..<output {
      let exact = place(position, sampling.transformation)
      guard !isOutside(exact, sampling) else {
        result.addOutside()
        continue
      }
      // Places far outside see the same elements as those nearer by.
      let place = Swift.min(Swift.max(exact, -reach), Double(input) + reach)
      let base = Int(place.rounded(.up)) - 1
      let ratio = place - Double(base)
      var taps = (0..<count).map { tap -> Double in
        let distance = abs((Double(first + tap) - ratio) * squeeze)
        return isCubic ? cubic(distance, Double(sampling.cubicCoefficient)) : Swift.max(0, 1 - distance)
      }
      if sampling.excludesOutside {
        for tap in taps.indices where !(0..<input).contains(base + first + tap) { taps[tap] = 0 }
      }
      if sampling.excludesOutside || sampling.isAntialiased {
        let sum = taps.reduce(0, +)
        if sum != 0 { taps = taps.map { $0 / sum } }
      }
      result.add(taps.indices.map { Swift.min(Swift.max(base + first + $0, 0), input - 1) }, taps)
    }
    return result
  }

  /// Keys' convolution kernel.
  private func cubic(_ x: Double, _ a: Double) -> Double {
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }
}

/// Weighted sums of elements along an axis, one for each position of the result.
struct ResizeWeights {
  private let count: Int
  private let extrapolation: Double
  private var indices: [Int] = []
  private var weights: [Double] = []
  private var isOutside: [Bool] = []

  init(count: Int, output: Int, extrapolation: Double) {
    self.count = count
    self.extrapolation = extrapolation
    indices.reserveCapacity(count * output)
    weights.reserveCapacity(count * output)
  }

  /// A position with `count` elements and their weights.
  mutating func add(_ indices: [Int], _ weights: [Double]) {
    self.indices += indices
    self.weights += weights
    isOutside.append(false)
  }

  /// A position that has the value for extrapolation.
  mutating func addOutside() {
    indices += Array(repeating: 0, count: count)
    weights += Array(repeating: 0, count: count)
    isOutside.append(true)
  }

  func applied(to data: [Double], _ shape: [Int], axis: Int) -> [Double] {
    let (extent, output) = (shape[axis], isOutside.count)
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    var result = [Double](repeating: 0, count: outer * output * inner)
    result.withUnsafeMutableBufferPointer { target in
      data.withUnsafeBufferPointer { source in
        for row in 0..<outer * output {
          let (line, position) = (row / output, row % output)
          let to = row * inner
          if isOutside[position] {
            for place in 0..<inner { target[to + place] = extrapolation }
            continue
          }
          for tap in position * count..<(position + 1) * count where weights[tap] != 0 {
            let (from, weight) = ((line * extent + indices[tap]) * inner, weights[tap])
            for place in 0..<inner { target[to + place] += weight * source[from + place] }
          }
        }
      }
    }
    return result
  }
}
