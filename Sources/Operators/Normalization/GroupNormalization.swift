import LatheDiagnostics
import LatheIR
import LatheTensors

/// scale · (X − mean) / √(variance + ε) + bias, with the statistics of groups of channels of each instance.
///
/// Computed in double precision; the normalized elements are rounded to X's type before they are scaled, as the specification
/// has it.
public struct GroupNormalization: FloatEvaluable {
  public static let schema = OperatorSchema(
    "GroupNormalization", since: 21,
    inputs: [.init("X", "T", .floats), .init("scale", "T", .floats), .init("bias", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["epsilon": .float, "num_groups": .integer, "stash_type": .integer])

  /// Added to the variance.
  public var epsilon: Float
  /// Number of groups; the channels are a multiple of it.
  public var groups: Int
  /// Type that statistics are taken in at least.
  public var stashType: DType

  public init(groups: Int, epsilon: Float = 1e-5, stashType: DType = .float32) {
    self.groups = groups
    self.epsilon = epsilon
    self.stashType = stashType
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    groups = try Attributes.required("num_groups", try attributes.integer("num_groups"))
    epsilon = try attributes.float("epsilon", default: 1e-5)
    stashType = try attributes.stashType()
    guard groups >= 1 else { throw .invalid("operator/attribute-value", "num_groups = \(groups) is not positive") }
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("num_groups", groups)
    if epsilon != 1e-5 { attributes.set("epsilon", epsilon) }
    if stashType != .float32 { attributes.set("stash_type", stashType) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    if let shape = x.shape {
      guard shape.count >= 2 else {
        throw .invalid("operator/rank", "GroupNormalization needs batches and channels, but is given \(x)")
      }
      if let channels = shape[1].known, channels % groups != 0 {
        throw .invalid("operator/normalization", "\(channels) channels cannot be split into \(groups) groups")
      }
    }
    try ChannelParameters.check(inputs, 1...2, of: x, name)
    return [.tensor(x)]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    [try Self.normalized(try inputs.required(0), inputs, groups: groups, epsilon: epsilon, stash: T.dtype, as: T.self)]
  }

  /// X normalized in groups of channels; with `stash`, rounded to that type before scaling.
  static func normalized<T: FloatElement>(
    _ x: Tensor, _ inputs: [Tensor?], groups: Int, epsilon: Float, stash: DType?, as type: T.Type
  ) throws(Diagnostic) -> Tensor {
    let (scale, bias) = (try inputs.required(1).doubles() ?? [], try inputs.required(2).doubles() ?? [])
    let inner = x.shape[2...].clampedProduct
    let channels = x.shape[1]
    return try Tensor(of: T.self, shape: x.shape) { (target: UnsafeMutableBufferPointer<T>) in
      guard !target.isEmpty else { return }
      let perGroup = channels / groups
      let extent = perGroup * inner
      x.withElements(as: T.self) { source in
        for row in 0..<x.shape[0] * groups {
          let moments = Moments.of(source, from: row * extent, count: extent)
          let reciprocal = 1 / (moments.variance + Double(epsilon)).squareRoot()
          for index in 0..<extent {
            let channel = row % groups * perGroup + index / inner
            var value = (source[row * extent + index].wide - moments.mean) * reciprocal
            if stash != nil { value = T(double: value).wide }
            target[row * extent + index] = T(double: value * scale[channel] + bias[channel])
          }
        }
      }
    }
  }
}

extension GroupNormalization: AxisMapping {
  /// Groups are for themselves, but their number is fixed by the channels in each.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = outputs.first?.shape, shape.count > 1, let perGroup = shape[1].exactlyDivided(by: .known(groups)),
      var map = AxisMap.along(Set(2..<shape.count), .normalized, inputs, outputs), var axes = map.outputs[0]
    else { return nil }
    axes[1] = [[map.atom(.known(groups)), map.atom(perGroup, .normalized)]]
    map.inputs[0] = axes
    map.outputs[0] = axes
    for position in 1..<inputs.count { map.inputs[position] = [axes[1]] }
    return map
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    guard let group = map.outputs[0]?[1].first?.first, let count = map.atoms[group].extent.known else { return (self, inputs) }
    var op = self
    op.groups = count
    return (op, inputs)
  }
}
