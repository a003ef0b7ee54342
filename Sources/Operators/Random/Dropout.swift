import LatheDiagnostics
import LatheIR
import LatheTensors

/// The input itself, or in training the input with elements zeroed at random and the others scaled up; and a mask of
/// what was kept.
public struct Dropout: Evaluable, RandomDraw {
  private static let types = DTypeDomain.floats.union([
    .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
  ])

  public static let schema = OperatorSchema(
    "Dropout", since: 22,
    inputs: [
      .init("data", "T", types), .init("ratio", "T1", types, .optional),
      .init("training_mode", "T2", .bool, .optional),
    ],
    outputs: [.init("output", "T", types), .init("mask", "T2", .bool, .optional)],
    attributes: ["seed": .integer])

  /// Seed of the generator; nil drops other elements in each run.
  public var seed: Int?

  public init(seed: Int? = nil) { self.seed = seed }

  public init(decoding attributes: Attributes) throws(Diagnostic) { seed = try attributes.integer("seed") }

  public func encode(into attributes: inout Attributes) {
    if let seed { attributes.set("seed", seed) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    for position in 1...2 {
      guard let operand = try inputs.optional(position)?.tensor(), let shape = operand.shape else { continue }
      if shape.contains(where: { $0.isProvablyDifferent(from: 1) }) {
        throw .invalid("operator/rank", "Dropout takes a single number for its ratio and mode, but is given \(operand)")
      }
    }
    return [.tensor(type), .tensor(TensorType(.bool, type.shape))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let data = try inputs.required(0)
    let ratio = inputs.optional(1)?.doubles()?.first ?? 0.5
    let isTraining = inputs.optional(2)?.codes?.first ?? 0 != 0
    guard isTraining, ratio != 0 else { return [data, try Tensor(numbers: .bool, data.shape) { _ in 1 }] }
    guard ratio >= 0, ratio < 1, let elements = data.doubles() else {
      throw .invalid("operator/probability", "Dropout cannot drop a part of \(ratio) of its elements")
    }
    var generator = MersenneTwister(seed: seed)
    let scale = 1 / (1 - ratio)
    let mask = try Tensor(numbers: .bool, data.shape) { _ in generator.uniform() >= ratio ? 1 : 0 }
    guard let kept = mask.codes else { throw name.unsupported(mask.dtype) }
    return [try Tensor(numbers: data.dtype, data.shape) { kept[$0] != 0 ? elements[$0] * scale : 0 }, mask]
  }
}

extension Dropout: AxisMapping {
  /// In training, where the mask depends on the order of all elements, axes are not explained.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    if let mode = inputs.optional(2), mode.constant?.codes?.first != 0 { return nil }
    guard var map = AxisMap.along([], .carried, [inputs.optional(0)], outputs) else { return nil }
    map.inputs += Array(repeating: nil, count: inputs.count - 1)
    if outputs.count > 1 { map.outputs[1] = map.outputs[0] }
    return map
  }
}
