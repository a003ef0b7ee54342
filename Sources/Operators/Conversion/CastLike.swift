import LatheDiagnostics
import LatheIR
import LatheTensors

/// The elements converted to the type of the second input, as `Cast` does it.
public struct CastLike: Evaluable, ShapeArithmetic {
  private static let types = DTypeDomain.all.subtracting([.complex64, .complex128, .float6e2m3, .float6e3m2])

  public static let schema = OperatorSchema(
    "CastLike", since: 25,
    inputs: [.init("input", "T1", types), .init("target_type", "T2", types)],
    outputs: [.init("output", "T2", types)],
    attributes: ["saturate": .integer, "round_mode": .string])

  /// Whether values beyond an 8-bit float's range become its largest, rather than infinity or NaN.
  public var saturates: Bool
  /// How values become a `float8e8m0`.
  public var rounding: Cast.ExponentRounding

  public init(saturates: Bool = true, rounding: Cast.ExponentRounding = .up) {
    self.saturates = saturates
    self.rounding = rounding
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    saturates = try attributes.flag("saturate", default: true)
    rounding = try attributes.choice("round_mode", default: .up)
  }

  public func encode(into attributes: inout Attributes) {
    if !saturates { attributes.set("saturate", false) }
    if rounding != .up { attributes.set("round_mode", rounding.rawValue) }
  }

  /// The Cast that does the same.
  private func cast(to target: DType) -> Cast { Cast(to: target, saturates: saturates, rounding: rounding) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    try cast(to: try inputs.tensor(1).dtype).infer([inputs.optional(0)])
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard let target = inputs.optional(1)?.type.tensor?.dtype else { return [nil] }
    return cast(to: target).elements([inputs.optional(0)])
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    try cast(to: try inputs.required(1).dtype).evaluate([try inputs.required(0)])
  }
}

extension CastLike: AxisMapping {
  /// Of the second input, only the type matters.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = inputs.optional(1)?.type.tensor?.shape, var map = AxisMap.along([], .carried, inputs, outputs) else { return nil }
    map.inputs[1] = shape.map { map.axis($0) }
    return map
  }
}
