import LatheDiagnostics
import LatheIR
import LatheTensors

/// scale · (X − mean) / √(variance + ε) + B for each channel, with given statistics or, in training, with those of the batch.
///
/// In training, the further outputs are the given statistics moved toward those of the batch. Computed in double precision and
/// rounded once. A vector has one channel.
public struct BatchNormalization: FloatEvaluable {
  public static let schema = OperatorSchema(
    "BatchNormalization", since: 15,
    inputs: [
      .init("X", "T", .floats), .init("scale", "T1", .floats), .init("B", "T1", .floats),
      .init("input_mean", "T2", .floats), .init("input_var", "T2", .floats),
    ],
    outputs: [
      .init("Y", "T", .floats), .init("running_mean", "T2", .floats, .optional),
      .init("running_var", "T2", .floats, .optional),
    ],
    attributes: ["epsilon": .float, "momentum": .float, "training_mode": .integer])

  /// Added to the variance.
  public var epsilon: Float
  /// Weight of the given statistics among the new ones, in training.
  public var momentum: Float
  /// Whether the batch's own statistics are used.
  public var isTraining: Bool

  public init(epsilon: Float = 1e-5, momentum: Float = 0.9, isTraining: Bool = false) {
    self.epsilon = epsilon
    self.momentum = momentum
    self.isTraining = isTraining
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    epsilon = try attributes.float("epsilon", default: 1e-5)
    momentum = try attributes.float("momentum", default: 0.9)
    isTraining = try attributes.flag("training_mode", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    if epsilon != 1e-5 { attributes.set("epsilon", epsilon) }
    if momentum != 0.9 { attributes.set("momentum", momentum) }
    if isTraining { attributes.set("training_mode", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    if x.rank == 0 { throw .invalid("operator/rank", "BatchNormalization has no meaning for a scalar") }
    try ChannelParameters.check(inputs, 1...4, of: x, name)
    guard isTraining else { return [.tensor(x)] }
    return [.tensor(x), .tensor(try inputs.tensor(3)), .tensor(try inputs.tensor(4))]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let channels = x.rank > 1 ? x.shape[1] : 1
    let inner = x.rank > 2 ? x.shape[2...].clampedProduct : 1
    var parameters: [[Double]] = []
    for position in 1...4 { parameters.append(try inputs.required(position).doubles() ?? []) }
    var (means, variances) = (parameters[2], parameters[3])
    if isTraining { (means, variances) = statistics(x, channels, inner, as: T.self) }
    let y = try Tensor(of: T.self, shape: x.shape) { (target: UnsafeMutableBufferPointer<T>) in
      x.withElements(as: T.self) { source in
        guard !target.isEmpty else { return }
        for row in 0..<source.count / inner {
          let channel = row % channels
          let factor = parameters[0][channel] / (variances[channel] + Double(epsilon)).squareRoot()
          for index in row * inner..<(row + 1) * inner {
            target[index] = T(double: (source[index].wide - means[channel]) * factor + parameters[1][channel])
          }
        }
      }
    }
    guard isTraining else { return [y] }
    let weight = Double(momentum)
    var outputs = [y]
    for (position, own) in [(3, means), (4, variances)] {
      let moved = zip(parameters[position - 1], own).map { $0 * weight + $1 * (1 - weight) }
      outputs.append(try Tensor(rounding: moved, to: try inputs.required(position).dtype, shape: [moved.count]))
    }
    return outputs
  }

  /// Mean and variance of each channel over the batch and all spatial axes.
  private func statistics<T: FloatElement>(_ x: Tensor, _ channels: Int, _ inner: Int, as type: T.Type) -> (
    [Double], [Double]
  ) {
    var (means, variances) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
    guard x.elementCount > 0 else { return (means, variances) }
    let rows = x.elementCount / inner
    let count = Double(rows / channels * inner)
    x.withElements(as: T.self) { source in
      for row in 0..<rows {
        for index in row * inner..<(row + 1) * inner { means[row % channels] += source[index].wide / count }
      }
      for row in 0..<rows {
        for index in row * inner..<(row + 1) * inner {
          let deviation = source[index].wide - means[row % channels]
          variances[row % channels] += deviation * deviation / count
        }
      }
    }
    return (means, variances)
  }
}

extension Tensor {
  /// Numbers rounded to one of the four floats.
  ///
  /// - Throws: `operator/dtype` for another type.
  init(rounding values: [Double], to dtype: DType, shape: [Int]) throws(Diagnostic) {
    switch dtype {
    case .float32: try self.init(values.map { Float($0) }, shape: shape)
    case .float64: try self.init(values, shape: shape)
    case .float16: try self.init(values.map { Float16($0) }, shape: shape)
    case .bfloat16: try self.init(values.map { BFloat16(double: $0) }, shape: shape)
    default: throw .invalid("operator/dtype", "numbers cannot be rounded to \(dtype)")
    }
  }
}

extension BatchNormalization: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard !isTraining, let shape = outputs.first?.shape, shape.count > 1, var map = AxisMap.along([], .carried, inputs, outputs),
      let axes = map.outputs[0]
    else { return nil }
    for position in 1..<inputs.count { map.inputs[position] = [axes[1]] }
    return map
  }
}
