import LatheDiagnostics
import LatheIR
import LatheTensors

/// Convolution over any number of spatial axes, with groups of channels.
///
/// Floats of 16 bits are summed in `Float` and rounded once.
public struct Conv: FloatEvaluable, Convolving {
  public static let schema = OperatorSchema(
    "Conv", since: 22,
    inputs: [.init("X", "T", .floats), .init("W", "T", .floats), .init("B", "T", .floats, .optional)],
    outputs: [.init("Y", "T", .floats)],
    attributes: SlidingWindow.attributeKinds.merging(["group": .integer]) { first, _ in first })

  /// How the kernel moves.
  public var window: SlidingWindow
  /// Groups of channels that do not see each other.
  public var groups: Int

  public init(window: SlidingWindow = SlidingWindow(), groups: Int = 1) {
    self.window = window
    self.groups = groups
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    window = try SlidingWindow(decoding: attributes)
    groups = try Self.groups(attributes)
  }

  public func encode(into attributes: inout Attributes) {
    window.encode(into: &attributes)
    if groups != 1 { attributes.set("group", groups) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    let shape = try convolvedShape(x, try inputs.tensor(1), bias: try inputs.optional(2)?.tensor())
    return [.tensor(TensorType(x.dtype, shape))]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try MatrixProduct.widened(try inputs.required(0), from: T.self)
    let w = try MatrixProduct.widened(try inputs.required(1), from: T.self)
    let bias = try inputs.optional(2).map { (b) throws(Diagnostic) in try MatrixProduct.widened(b, from: T.self) }
    let result =
      x.dtype == T.dtype
      ? try convolved(x, w, as: T.self).addingPerChannel(bias, as: T.self)
      : try convolved(x, w, as: Float.self).addingPerChannel(bias, as: Float.self)
    return [try MatrixProduct.narrowed(result, to: T.self)]
  }
}

extension Conv {
  /// Windows over concrete tensors: how many there are on each spatial axis, and what they step over.
  public struct Geometry: Sendable {
    public let kernel: [Int]
    public let output: [Int]
    public let strides: [Int]
    public let dilations: [Int]
    /// Elements before the first of each axis.
    public let paddingBefore: [Int]
  }

  /// - Parameters:
  ///   - input: [batch, channels, …].
  ///   - weights: [filters, channels / groups, …].
  /// - Throws: `operator/window` if no window fits.
  public func geometry(input: [Int], weights: [Int]) throws(Diagnostic) -> Geometry {
    let axes = try window.axes(input.count - 2, weight: weights[2...].map { .known($0) })
    let grid = try WindowGrid(axes, over: Array(input[2...]))
    return Geometry(
      kernel: grid.kernel, output: grid.output, strides: grid.strides, dilations: grid.dilations,
      paddingBefore: grid.padding.map(\.before))
  }
}

extension Conv: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let x = inputs.optional(0)?.type.tensor?.shape, let w = inputs.optional(1)?.type.tensor?.shape,
      let y = outputs.first?.shape, let channels = w[0].known, x.count == y.count
    else { return nil }
    var map = AxisMap(inputs: inputs.count)
    let (batch, group) = (map.axis(y[0]), map.atom(.known(groups)))
    let (own, inner) = (map.atom(.known(channels / groups)), map.atom(w[1], .contracted))
    let output = [groups == 1 ? [own] : [group, own]]
    map.inputs[0] = [batch, [groups == 1 ? [inner] : [group, inner]]] + x.dropFirst(2).map { map.axis($0, .normalized) }
    map.inputs[1] = [output, [[inner]]] + w.dropFirst(2).map { map.axis($0, .normalized) }
    if inputs.optional(2) != nil { map.inputs[2] = [output] }
    map.outputs[0] = [batch, output] + y.dropFirst(2).map { map.axis($0, .fresh) }
    return map
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    guard groups > 1, let axis = map.inputs[0]?[1], let group = axis.first?.first, let count = map.atoms[group].extent.known else {
      return (self, inputs)
    }
    var op = self
    op.groups = count
    return (op, inputs)
  }
}
