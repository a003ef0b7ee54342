import LatheDiagnostics
import LatheIR
import LatheTensors

/// What an optional holds; any other value itself.
public struct OptionalGetElement: DatumEvaluable, AttributeFree {
  public static let schema = OperatorSchema(
    "OptionalGetElement", since: 28, inputs: [.init("input", "O", .all)], outputs: [.init("output", "V", .all)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.required(0)
    guard case .optional(let element) = type else { return [type] }
    return [element]
  }

  public func evaluate(_ inputs: [Datum?], limits: ResourceLimits) throws(Diagnostic) -> [Datum] {
    let datum = try inputs.required(0)
    guard case .optional(let held, _) = datum else { return [datum] }
    guard let held else { throw .invalid("operator/empty-optional", "the optional holds nothing") }
    return [held]
  }
}
