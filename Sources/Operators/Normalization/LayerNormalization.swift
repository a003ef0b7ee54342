import LatheDiagnostics
import LatheIR
import LatheTensors

/// Scale · (X − mean) / √(variance + ε) + B, where mean and variance are those of the last axes together.
///
/// Computed in double precision and rounded once. The further outputs are the means and the reciprocals of √(variance +
/// ε).
public struct LayerNormalization: FloatEvaluable {
  public static let schema = OperatorSchema(
    "LayerNormalization", since: 17,
    inputs: [.init("X", "T", .floats), .init("Scale", "T", .floats), .init("B", "T", .floats, .optional)],
    outputs: [
      .init("Y", "T", .floats), .init("Mean", "U", [.float32, .bfloat16], .optional),
      .init("InvStdDev", "U", [.float32, .bfloat16], .optional),
    ],
    attributes: ["axis": .integer, "epsilon": .float, "stash_type": .integer])

  /// First axis that is normalized; negative counts from the back.
  public var axis: Int
  /// Added to the variance.
  public var epsilon: Float
  /// Type of the further outputs: `float32` or `bfloat16`.
  public var stashType: DType

  public init(axis: Int = -1, epsilon: Float = 1e-5, stashType: DType = .float32) {
    self.axis = axis
    self.epsilon = epsilon
    self.stashType = stashType
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: -1)
    epsilon = try attributes.float("epsilon", default: 1e-5)
    stashType = try attributes.dtype("stash_type") ?? .float32
    guard stashType == .float32 || stashType == .bfloat16 else {
      throw .invalid("operator/attribute-value", "stash_type should be f32 or bf16, but is \(stashType)")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if axis != -1 { attributes.set("axis", axis) }
    if epsilon != 1e-5 { attributes.set("epsilon", epsilon) }
    if stashType != .float32 { attributes.set("stash_type", stashType) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    for position in 1..<Swift.max(1, inputs.count) {
      if let operand = inputs.optional(position) { try check(try operand.tensor(), fits: type) }
    }
    guard let shape = type.shape else {
      let statistics = ValueType.tensor(TensorType(stashType, nil))
      return [.tensor(type), statistics, statistics]
    }
    let first = try normalized(axis: axis, rank: shape.count)
    let kept = Array(shape[..<first]) + Array(repeating: .known(1), count: shape.count - first)
    let statistics = ValueType.tensor(TensorType(stashType, kept))
    return [.tensor(type), statistics, statistics]
  }

  /// Scale and B may be stretched to X, not X to them.
  private func check(_ type: TensorType, fits input: TensorType) throws(Diagnostic) {
    guard let shape = type.shape, let target = input.shape else { return }
    let fits =
      shape.count <= target.count
      && zip(shape.reversed(), target.reversed()).allSatisfy { own, wanted in
        own == 1 || !own.isProvablyDifferent(from: wanted)
      }
    guard fits else { throw .invalid("operator/broadcast", "LayerNormalization cannot apply \(type) to \(input)") }
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let first = try normalized(axis: axis, rank: input.rank)
    let extent = input.shape[first...].reduce(1, *)
    let rows = input.shape[..<first].reduce(1, *)
    let kept = Array(input.shape[..<first]) + Array(repeating: 1, count: input.rank - first)
    // Without rows there is nothing to normalize, however many elements a row would have.
    guard rows > 0 else { return [input, try statistics([], kept), try statistics([], kept)] }
    let scale = try parameter(try inputs.required(1), input.shape, from: first)
    let bias = try inputs.optional(2).map { (b) throws(Diagnostic) in try parameter(b, input.shape, from: first) }
    var means = [Double](repeating: 0, count: rows)
    var reciprocals = means
    let output = try Tensor(of: T.self, shape: input.shape) { (target: UnsafeMutableBufferPointer<T>) in
      input.withElements(as: T.self) { source in
        for row in 0..<rows {
          let start = row * extent
          var sum = 0.0
          for index in start..<start + extent { sum += source[index].wide }
          let mean = sum / Double(extent)
          var squares = 0.0
          for index in start..<start + extent { squares += (source[index].wide - mean) * (source[index].wide - mean) }
          let reciprocal = 1 / (squares / Double(extent) + Double(epsilon)).squareRoot()
          (means[row], reciprocals[row]) = (mean, reciprocal)
          for index in 0..<extent {
            let value = (source[start + index].wide - mean) * reciprocal
            let factor = scale.values[scale.isWhole ? start + index : index]
            let shift = bias.map { $0.values[$0.isWhole ? start + index : index] } ?? 0
            target[start + index] = T(double: value * factor + shift)
          }
        }
      }
    }
    return [output, try statistics(means, kept), try statistics(reciprocals, kept)]
  }

  /// A parameter's values: one for each normalized element or, where it varies along other axes too, for each element
  /// of all.
  private func parameter(
    _ tensor: Tensor, _ shape: [Int], from first: Int
  ) throws(Diagnostic) -> (values: [Double], isWhole: Bool) {
    let lead = Swift.max(0, tensor.rank - (shape.count - first))
    let isWhole = tensor.shape.prefix(lead).contains { $0 != 1 }
    let own = isWhole ? tensor : try tensor.reshaped(to: Array(tensor.shape.dropFirst(lead)))
    guard let values = try own.broadcast(to: isWhole ? shape : Array(shape[first...])).doubles() else {
      throw name.unsupported(tensor.dtype)
    }
    return (values, isWhole)
  }

  private func statistics(_ values: [Double], _ shape: [Int]) throws(Diagnostic) -> Tensor {
    stashType == .bfloat16
      ? try Tensor(values.map { BFloat16(double: $0) }, shape: shape)
      : try Tensor(values.map { Float($0) }, shape: shape)
  }
}

extension LayerNormalization: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    .normalizing(from: axis, inputs, outputs)
  }
}
