import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator that moves a weight [M, C/groups, k…] over an input [N, C, d…].
protocol Convolving: Operator {
  var window: SlidingWindow { get }
  var groups: Int { get }
}

extension Convolving {
  /// Decodes `group`.
  static func groups(_ attributes: Attributes) throws(Diagnostic) -> Int {
    let groups = try attributes.integer("group", default: 1)
    guard groups >= 1 else { throw .invalid("operator/attribute-value", "group = \(groups) is not positive") }
    return groups
  }

  /// Shape of the result, as far as it is known.
  ///
  /// - Throws: `operator/convolution` for channels that do not match, `operator/window` for a window that does not fit.
  func convolvedShape(_ x: TensorType, _ w: TensorType, bias: TensorType?) throws(Diagnostic) -> Shape? {
    for type in [x, w] {
      if let rank = type.rank, rank < 3 {
        throw .invalid("operator/rank", "\(name) needs at least one spatial axis, but is given \(type)")
      }
    }
    guard let rank = x.rank ?? w.rank else { return nil }
    let input = x.shape ?? Array(repeating: .unknown, count: rank)
    let weight = w.shape ?? Array(repeating: .unknown, count: rank)
    guard input.count == weight.count else { throw .invalid("operator/rank", "\(name): \(x) and \(w) differ in rank") }
    guard !input[1].isProvablyDifferent(from: weight[1] * .known(groups)) else {
      throw .invalid(
        "operator/convolution", "\(name): \(input[1]) channels do not fit \(groups) groups of \(weight[1])")
    }
    if let channels = weight[0].known, channels % groups != 0 {
      throw .invalid(
        "operator/convolution", "\(name): \(channels) output channels cannot be split into \(groups) groups")
    }
    try checkBias(bias, channels: weight[0])
    var shape: Shape = [input[0], weight[0]]
    for (axis, extent) in zip(try window.axes(rank - 2, weight: Array(weight[2...])), input[2...]) {
      shape.append(try axis.count(over: extent))
    }
    return shape
  }

  /// - Throws: `operator/convolution` if the bias has not one element for each channel.
  func checkBias(_ bias: TensorType?, channels: Dimension) throws(Diagnostic) {
    guard let bias, let shape = bias.shape else { return }
    guard shape.count == 1, !shape[0].isProvablyDifferent(from: channels) else {
      throw .invalid("operator/convolution", "\(name): a bias of \(bias) does not fit \(channels) output channels")
    }
  }

  /// The convolution of concrete tensors without bias, both of type `T`, which sums are taken in.
  func convolved<T: NumericElement>(_ x: Tensor, _ w: Tensor, as type: T.Type) throws(Diagnostic) -> Tensor {
    let weight = w.shape.map { Dimension.known($0) }
    let grid = try WindowGrid(try window.axes(x.rank - 2, weight: Array(weight[2...])), over: Array(x.shape[2...]))
    let (batch, channels, count) = (x.shape[0], w.shape[0], grid.outputCount)
    let (perGroup, outPerGroup) = (w.shape[1], channels / groups)
    let depth = perGroup * grid.kernelCount
    let tile = Swift.min(
      Swift.max(count, 1), grid.tile(elementsPerWindow: Swift.max(depth, outPerGroup, grid.kernelCount)))
    return try Tensor(of: T.self, shape: [batch, channels] + grid.output) { (target: UnsafeMutableBufferPointer<T>) in
      guard !target.isEmpty else { return }
      var columns = [T](repeating: T.zero, count: depth * tile)
      var sums = [T](repeating: T.zero, count: outPerGroup * tile)
      x.withElements(as: T.self) { source in
        w.withElements(as: T.self) { weights in
          for start in stride(from: 0, to: count, by: tile) {
            let range = start..<Swift.min(start + tile, count)
            let positions = grid.positions(range)
            for item in 0..<batch * groups {
              let (image, group) = (item / groups, item % groups)
              let first = (image * groups + group) * perGroup
              Self.fill(
                &columns, source, positions, first: first, channels: perGroup, stride: grid.inputCount, range.count)
              multiply(weights, group * outPerGroup * depth, columns, &sums, m: outPerGroup, k: depth, n: range.count)
              for channel in 0..<outPerGroup {
                let row = ((image * groups + group) * outPerGroup + channel) * count + start
                for place in 0..<range.count { target[row + place] = sums[channel * range.count + place] }
              }
            }
          }
        }
      }
    }
  }

  /// Gathers the windows' elements: a row for each channel and element of the window, a column for each window.
  @inline(__always)
  private static func fill<T: NumericElement>(
    _ columns: inout [T], _ source: UnsafeBufferPointer<T>, _ positions: [Int], first: Int, channels: Int, stride: Int,
    _ windows: Int
  ) {
    columns.withUnsafeMutableBufferPointer { columns in
      positions.withUnsafeBufferPointer { positions in
        for channel in 0..<channels {
          let (row, base) = (channel * positions.count, (first + channel) * stride)
          for place in positions.indices {
            let position = positions[place]
            columns[row + place] = position < 0 ? T.zero : source[base + position]
          }
        }
      }
    }
  }

  @inline(__always)
  private func multiply<T: NumericElement>(
    _ a: UnsafeBufferPointer<T>, _ offset: Int, _ b: [T], _ sums: inout [T], m: Int, k: Int, n: Int
  ) {
    sums.withUnsafeMutableBufferPointer { sums in
      b.withUnsafeBufferPointer { b in
        guard let target = sums.baseAddress else { return }
        for index in 0..<m * n { target[index] = T.zero }
        guard let left = a.baseAddress, let right = b.baseAddress else { return }
        MatrixProduct.accumulate(left + offset, right, into: target, m: m, k: k, n: n)
      }
    }
  }
}

extension Tensor {
  /// The tensor [N, C, …] with one number added to each channel.
  func addingPerChannel<T: NumericElement>(_ bias: Tensor?, as type: T.Type) throws(Diagnostic) -> Tensor {
    guard let bias else { return self }
    let spread = try bias.reshaped(to: [bias.elementCount] + Array(repeating: 1, count: rank - 2))
    return try Broadcasting.map(self, spread) { (x: T, y: T) in T.adding(x, y) }
  }
}
