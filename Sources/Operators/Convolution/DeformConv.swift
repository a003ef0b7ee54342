import LatheDiagnostics
import LatheIR
import LatheTensors

/// Convolution whose kernel elements are displaced by offsets and weighted by a mask, for every window anew.
///
/// Between elements, the input is interpolated linearly; outside of it, it is 0. Any number of spatial axes; the offsets of a
/// kernel element follow each other by axis.
public struct DeformConv: FloatEvaluable, Convolving {
  public static let schema = OperatorSchema(
    "DeformConv", since: 22,
    inputs: [
      .init("X", "T", .floats), .init("W", "T", .floats), .init("offset", "T", .floats),
      .init("B", "T", .floats, .optional), .init("mask", "T", .floats, .optional),
    ],
    outputs: [.init("Y", "T", .floats)],
    attributes: [
      "dilations": .integers, "group": .integer, "kernel_shape": .integers, "offset_group": .integer, "pads": .integers,
      "strides": .integers,
    ])

  /// How the kernel moves.
  public var window: SlidingWindow
  /// Groups of channels that do not see each other.
  public var groups: Int
  /// Groups of channels that share their offsets.
  public var offsetGroups: Int

  public init(window: SlidingWindow = SlidingWindow(), groups: Int = 1, offsetGroups: Int = 1) {
    self.window = window
    self.groups = groups
    self.offsetGroups = offsetGroups
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    window = try SlidingWindow(decoding: attributes)
    groups = try Self.groups(attributes)
    offsetGroups = try attributes.integer("offset_group", default: 1)
    guard offsetGroups >= 1 else {
      throw .invalid("operator/attribute-value", "offset_group = \(offsetGroups) is not positive")
    }
  }

  public func encode(into attributes: inout Attributes) {
    window.encode(into: &attributes)
    if groups != 1 { attributes.set("group", groups) }
    if offsetGroups != 1 { attributes.set("offset_group", offsetGroups) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (x, w) = (try inputs.tensor(0), try inputs.tensor(1))
    let shape = try convolvedShape(x, w, bias: try inputs.optional(3)?.tensor())
    guard let shape else { return [.tensor(TensorType(x.dtype, nil))] }
    guard shape.count <= 2 + Self.mostSpatialAxes else {
      throw .invalid(
        "operator/rank", "DeformConv has no meaning here for more than \(Self.mostSpatialAxes) spatial axes")
    }
    if let channels = x.shape?[1].known, channels % offsetGroups != 0 {
      throw .invalid(
        "operator/convolution", "DeformConv: \(channels) channels cannot be split into \(offsetGroups) groups")
    }
    let kernel = w.shape.map { Array($0[2...]).product } ?? .unknown
    let entries = kernel * .known(offsetGroups)
    try check(try inputs.tensor(2), "offset", channels: entries * .known(shape.count - 2), shape)
    if let mask = try inputs.optional(4)?.tensor() { try check(mask, "mask", channels: entries, shape) }
    return [.tensor(TensorType(x.dtype, shape))]
  }

  /// Interpolation looks at 2 to the power of this many elements.
  private static let mostSpatialAxes = 8

  private func check(_ type: TensorType, _ role: String, channels: Dimension, _ output: Shape) throws(Diagnostic) {
    guard let shape = type.shape else { return }
    let expected = [output[0], channels] + output[2...]
    guard shape.count == expected.count, !zip(shape, expected).contains(where: { $0.isProvablyDifferent(from: $1) })
    else {
      throw .invalid("operator/convolution", "DeformConv: \(role) should have the shape \(expected), but is \(type)")
    }
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (x, w) = try inputs.pair()
    let weight = w.shape.map { Dimension.known($0) }
    let grid = try WindowGrid(try window.axes(x.rank - 2, weight: Array(weight[2...])), over: Array(x.shape[2...]))
    guard let values = x.doubles(), let weights = w.doubles(), let offsets = try inputs.required(2).doubles() else {
      throw name.unsupported(x.dtype)
    }
    let sampler = DeformedSampler(
      grid: grid, values: values, offsets: offsets, mask: inputs.optional(4)?.doubles(), channels: x.shape[1],
      offsetGroups: offsetGroups)
    let bias = inputs.optional(3)?.doubles()
    let (perGroup, outPerGroup) = (w.shape[1], w.shape[0] / groups)
    let depth = perGroup * grid.kernelCount
    let shape = [x.shape[0], w.shape[0]] + grid.output
    let y = try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      guard !target.isEmpty else { return }
      var column = [Double](repeating: 0, count: depth)
      for item in 0..<x.shape[0] * groups {
        let (image, group) = (item / groups, item % groups)
        for place in 0..<grid.outputCount {
          for row in 0..<depth {
            let channel = group * perGroup + row / grid.kernelCount
            column[row] = sampler.sample(image, channel, element: row % grid.kernelCount, window: place)
          }
          for channel in group * outPerGroup..<(group + 1) * outPerGroup {
            var sum = bias?[channel] ?? 0
            for row in 0..<depth { sum += column[row] * weights[channel * depth + row] }
            target[(image * shape[1] + channel) * grid.outputCount + place] = T(double: sum)
          }
        }
      }
    }
    return [y]
  }
}

/// Reads the input of a DeformConv where its offsets say.
private struct DeformedSampler {
  let grid: WindowGrid
  let values: [Double]
  let offsets: [Double]
  let mask: [Double]?
  let channels: Int
  let offsetGroups: Int

  func sample(_ image: Int, _ channel: Int, element: Int, window: Int) -> Double {
    let group = channel / (channels / offsetGroups)
    let entry = (image * offsetGroups + group) * grid.kernelCount + element
    let offset = WindowGrid.coordinates(element, in: grid.kernel)
    let start = WindowGrid.coordinates(window, in: grid.output)
    let rank = grid.input.count
    var (floors, fractions) = ([Int](repeating: 0, count: rank), [Double](repeating: 0, count: rank))
    for axis in 0..<rank {
      let displacement = offsets[(entry * rank + axis) * grid.outputCount + window]
      let fixed = start[axis] * grid.strides[axis] - grid.padding[axis].before + offset[axis] * grid.dilations[axis]
      let coordinate = Double(fixed) + displacement
      guard coordinate > -1, coordinate < Double(grid.input[axis]) else { return 0 }
      floors[axis] = Int(coordinate.rounded(.down))
      fractions[axis] = coordinate - coordinate.rounded(.down)
    }
    let weight = mask.map { $0[entry * grid.outputCount + window] } ?? 1
    return weight * interpolated((image * channels + channel) * grid.inputCount, floors, fractions)
  }

  /// The weighted sum of the corners around a point.
  private func interpolated(_ base: Int, _ floors: [Int], _ fractions: [Double]) -> Double {
    var sum = 0.0
    for corner in 0..<1 << floors.count {
      var (position, weight) = (0, 1.0)
      for axis in floors.indices {
        let isUpper = corner >> axis & 1 == 1
        let coordinate = floors[axis] + (isUpper ? 1 : 0)
        weight *= isUpper ? fractions[axis] : 1 - fractions[axis]
        guard coordinate >= 0, coordinate < grid.input[axis] else {
          weight = 0
          break
        }
        position = position * grid.input[axis] + coordinate
      }
      if weight != 0 { sum += weight * values[base + position] }
    }
    return sum
  }
}
