import LatheDiagnostics
import LatheIR
import LatheTensors

/// An optional that holds the input, or nothing if there is none.
public struct OptionalOperator: DatumEvaluable {
  public static let schema = OperatorSchema(
    "Optional", since: 28,
    inputs: [.init("input", "V", .all, .optional)],
    outputs: [.init("output", "O", .all)],
    attributes: ["type": .type])

  /// Type of what it may hold; needed only where there is no input.
  public var type: ValueType?

  public init(type: ValueType? = nil) { self.type = type }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    guard let value = attributes["type"] else { return }
    guard case .type(let type) = value else {
      throw .invalid("operator/attribute-kind", "the attribute type should be a type, but is \(value.kind.rawValue)")
    }
    self.type = type
  }

  public func encode(into attributes: inout Attributes) {
    if let type { attributes["type"] = .type(type) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    guard let operand = inputs.optional(0) else { return [.optional(try Attributes.required("type", type))] }
    return [.optional(try held(operand.type))]
  }

  public func evaluate(_ inputs: [Datum?], limits: ResourceLimits) throws(Diagnostic) -> [Datum] {
    guard let datum = inputs.optional(0) else { return [.optional(nil, of: try Attributes.required("type", type))] }
    return [.optional(datum, of: try held(datum.type))]
  }

  private func held(_ given: ValueType) throws(Diagnostic) -> ValueType {
    if case .optional = given { throw .invalid("operator/optional", "an optional cannot hold the optional \(given)") }
    guard let type, type.shapeless != given.shapeless else { return given }
    throw .invalid("operator/optional", "the optional is declared to hold \(type), but is given \(given)")
  }
}
