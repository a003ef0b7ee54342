import LatheDiagnostics
import LatheIR
import LatheTensors

/// The number kept between two bounds, min(max(x, lower), upper); NaN wins, also as a bound.
public struct Clip: NumericEvaluable, AttributeFree, ShapeArithmetic, Broadcast {
  public static let schema = OperatorSchema(
    "Clip", since: 13,
    inputs: [
      .init("input", "T", .numeric), .init("min", "T", .numeric, .optional), .init("max", "T", .numeric, .optional),
    ],
    outputs: [.init("output", "T", .numeric)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    for bound in [inputs.optional(1), inputs.optional(2)] {
      guard let type = try bound?.tensor(), let shape = type.shape else { continue }
      guard !shape.contains(where: { $0.isProvablyDifferent(from: 1) }) else {
        throw .invalid("operator/rank", "a bound of Clip should be a scalar, but is \(type)")
      }
    }
    return [.tensor(try inputs.tensor(0))]
  }

  public func elements(_ inputs: [Operand?]) -> [[LatheTensors.Dimension]?] {
    guard let input = inputs.optional(0), input.isExactInteger, var result = input.followed else { return [nil] }
    for (position, narrowed) in [(1, Dimension.maximum), (2, Dimension.minimum)] {
      guard let bound = inputs.optional(position) else { continue }
      guard let value = bound.followed?.first else { return [nil] }
      result = result.map { narrowed($0, value) }
    }
    return [result]
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (lower, upper) = (try bound(inputs.optional(1), as: T.self), try bound(inputs.optional(2), as: T.self))
    return [
      try Broadcasting.map(try inputs.required(0)) { (x: T) in
        guard x == x else { return x }
        var result = x
        if let lower, !(lower <= result) { result = lower }
        if let upper, !(result <= upper), result == result { result = upper }
        return result
      }
    ]
  }

  private func bound<T: NumericElement>(_ tensor: Tensor?, as type: T.Type) throws(Diagnostic) -> T? {
    guard let tensor else { return nil }
    guard tensor.elementCount == 1, let value = tensor.elements(as: T.self)?.first else {
      throw .invalid("operator/rank", "a bound of Clip should be a scalar, but is \(tensor.dtype)\(tensor.shape)")
    }
    return value
  }
}
