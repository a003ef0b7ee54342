import LatheDiagnostics
import LatheIR
import LatheTensors

/// The transpose of a convolution: every input element adds the kernel, weighted, to the output.
///
/// The weight is [C, M/groups, k…]. Floats of 16 bits are summed in `Float` and rounded once.
public struct ConvTranspose: FloatEvaluable {
  public static let schema = OperatorSchema(
    "ConvTranspose", since: 22,
    inputs: [.init("X", "T", .floats), .init("W", "T", .floats), .init("B", "T", .floats, .optional)],
    outputs: [.init("Y", "T", .floats)],
    attributes: SlidingWindow.attributeKinds.merging([
      "group": .integer, "output_padding": .integers, "output_shape": .integers,
    ]) { first, _ in first })

  /// How the kernel moves over the output.
  public var window: SlidingWindow
  /// Groups of channels that do not see each other.
  public var groups: Int
  /// Elements added behind each spatial axis of the output; nil for none.
  public var outputPadding: [Int]?
  /// Extents of the output's spatial axes, from which padding follows; nil takes them from the padding.
  public var outputShape: [Int]?

  public init(
    window: SlidingWindow = SlidingWindow(), groups: Int = 1, outputPadding: [Int]? = nil, outputShape: [Int]? = nil
  ) {
    self.window = window
    self.groups = groups
    self.outputPadding = outputPadding
    self.outputShape = outputShape
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    window = try SlidingWindow(decoding: attributes)
    groups = try attributes.integer("group", default: 1)
    outputPadding = try attributes.integers("output_padding")
    outputShape = try attributes.integers("output_shape")
    guard groups >= 1 else { throw .invalid("operator/attribute-value", "group = \(groups) is not positive") }
    for (name, list) in [("output_padding", outputPadding), ("output_shape", outputShape)] {
      guard let list, list.contains(where: { $0 < 0 || $0 > SlidingWindow.largestExtent }) else { continue }
      throw .invalid(
        "operator/attribute-value", "\(name) = \(list) should lie between 0 and \(SlidingWindow.largestExtent)")
    }
  }

  public func encode(into attributes: inout Attributes) {
    window.encode(into: &attributes)
    if groups != 1 { attributes.set("group", groups) }
    if let outputPadding { attributes.set("output_padding", outputPadding) }
    if let outputShape { attributes.set("output_shape", outputShape) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (x, w) = (try inputs.tensor(0), try inputs.tensor(1))
    guard let rank = x.rank ?? w.rank else { return [.tensor(x)] }
    let input = x.shape ?? Array(repeating: .unknown, count: rank)
    let weight = w.shape ?? Array(repeating: .unknown, count: rank)
    guard rank >= 3, input.count == weight.count else {
      throw .invalid("operator/rank", "ConvTranspose: \(x) and \(w) should have one rank of at least 3")
    }
    guard !input[1].isProvablyDifferent(from: weight[0]) else {
      throw .invalid("operator/convolution", "ConvTranspose: \(input[1]) channels do not fit the weight \(w)")
    }
    if let channels = (input[1].known ?? weight[0].known), channels % groups != 0 {
      throw .invalid(
        "operator/convolution", "ConvTranspose: \(channels) channels cannot be split into \(groups) groups")
    }
    let channels = weight[1] * .known(groups)
    if let bias = try inputs.optional(2)?.tensor(), let shape = bias.shape {
      guard shape.count == 1, !shape[0].isProvablyDifferent(from: channels) else {
        throw .invalid(
          "operator/convolution", "ConvTranspose: a bias of \(bias) does not fit \(channels) output channels")
      }
    }
    let extents = try axes(rank - 2, weight).enumerated().map { index, axis in extent(axis, index, input[index + 2]) }
    return [.tensor(TensorType(x.dtype, try checked(shape: [input[0], channels] + extents)))]
  }

  private func axes(_ rank: Int, _ weight: Shape) throws(Diagnostic) -> [WindowAxis] {
    for (name, list) in [("output_padding", outputPadding), ("output_shape", outputShape)] {
      guard let list, list.count != rank else { continue }
      throw .invalid("operator/window", "\(name) has \(list.count) entries where there are \(rank) spatial axes")
    }
    return try window.axes(rank, weight: Array(weight[2...]))
  }

  /// Extent of the output before padding is cut off.
  private func whole(_ axis: WindowAxis, _ index: Int, _ input: Dimension) -> Dimension {
    let span = (axis.kernel - 1) * .known(axis.dilation) + 1
    return (input - 1) * .known(axis.stride) + .known(outputPadding?[index] ?? 0) + span
  }

  private func extent(_ axis: WindowAxis, _ index: Int, _ input: Dimension) -> Dimension {
    if let outputShape { return .known(outputShape[index]) }
    switch axis.autoPad {
    case .sameUpper, .sameLower: return input * .known(axis.stride)
    case .valid: return whole(axis, index, input)
    case .explicit: return whole(axis, index, input) - .known(axis.before + axis.after)
    }
  }

  /// Padding before and after an axis.
  private func padding(_ axis: WindowAxis, _ index: Int, _ input: Int, output: Int) -> (before: Int, after: Int) {
    let isAutomatic = axis.autoPad == .sameUpper || axis.autoPad == .sameLower
    guard outputShape != nil || isAutomatic else { return axis.autoPad == .valid ? (0, 0) : (axis.before, axis.after) }
    let total = Swift.max(0, (whole(axis, index, .known(input)).known ?? output) - output)
    return axis.autoPad == .sameUpper ? (total / 2, total - total / 2) : (total - total / 2, total / 2)
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let shape = try concreteShape(inputs)
    let x = try MatrixProduct.widened(try inputs.required(0), from: T.self)
    let w = try MatrixProduct.widened(try inputs.required(1), from: T.self)
    let bias = try inputs.optional(2).map { (b) throws(Diagnostic) in try MatrixProduct.widened(b, from: T.self) }
    let result =
      x.dtype == T.dtype
      ? try spread(x, w, shape, as: T.self).addingPerChannel(bias, as: T.self)
      : try spread(x, w, shape, as: Float.self).addingPerChannel(bias, as: Float.self)
    return [try MatrixProduct.narrowed(result, to: T.self)]
  }

  private func spread<T: FloatElement>(_ x: Tensor, _ w: Tensor, _ shape: [Int], as type: T.Type) throws(Diagnostic)
    -> Tensor
  {
    let axes = try axes(x.rank - 2, w.shape.map { .known($0) })
    let output = Array(shape[2...])
    // Seen from the output, the input's elements are the windows.
    let grid = try WindowGrid(
      input: output, kernel: Array(w.shape[2...]), output: Array(x.shape[2...]), strides: axes.map(\.stride),
      dilations: axes.map(\.dilation),
      padding: axes.indices.map { padding(axes[$0], $0, x.shape[$0 + 2], output: output[$0]) })
    let (perGroup, outPerGroup) = (x.shape[1] / groups, w.shape[1])
    let (count, depth) = (grid.outputCount, outPerGroup * grid.kernelCount)
    let tile = Swift.min(
      Swift.max(count, 1), grid.tile(elementsPerWindow: Swift.max(depth, perGroup, grid.kernelCount)))
    let weights = try w.reshaped(to: [groups, perGroup, depth]).permuted([0, 2, 1])
    return try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      guard !target.isEmpty, x.elementCount > 0 else { return }
      var tileOfInput = [T](repeating: T.zero, count: perGroup * tile)
      var products = [T](repeating: T.zero, count: depth * tile)
      x.withElements(as: T.self) { source in
        weights.withElements(as: T.self) { weights in
          for start in stride(from: 0, to: count, by: tile) {
            let range = start..<Swift.min(start + tile, count)
            let positions = grid.positions(range)
            for item in 0..<shape[0] * groups {
              for channel in 0..<perGroup {
                let row = (item * perGroup + channel) * count
                for place in 0..<range.count {
                  tileOfInput[channel * range.count + place] = source[row + start + place]
                }
              }
              products.withUnsafeMutableBufferPointer { products in
                products.update(repeating: T.zero)
                tileOfInput.withUnsafeBufferPointer { input in
                  guard let a = weights.baseAddress, let b = input.baseAddress, let sums = products.baseAddress else {
                    return
                  }
                  let offset = item % groups * depth * perGroup
                  MatrixProduct.accumulate(a + offset, b, into: sums, m: depth, k: perGroup, n: range.count)
                }
                Self.scatter(products, positions, into: target, first: item * outPerGroup, outPerGroup, grid.inputCount)
              }
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private static func scatter<T: FloatElement>(
    _ products: UnsafeMutableBufferPointer<T>, _ positions: [Int], into target: UnsafeMutableBufferPointer<T>,
    first: Int,
    _ channels: Int, _ stride: Int
  ) {
    for channel in 0..<channels {
      let (row, base) = (channel * positions.count, (first + channel) * stride)
      for place in positions.indices where positions[place] >= 0 {
        let position = base + positions[place]
        target[position] = T.adding(target[position], products[row + place])
      }
    }
  }
}
