import LatheDiagnostics

/// The operators that readers may make, by domain and name.
public struct OperatorCatalog: Sendable {
  private var types: [OperatorName: any Operator.Type] = [:]

  public init(_ types: [any Operator.Type]) {
    for type in types { self.types[type.schema.name] = type }
  }

  /// The type of the operator, if it is known.
  public subscript(name: OperatorName) -> (any Operator.Type)? { types[name] }

  /// Every operator, sorted by domain and name.
  public var all: [any Operator.Type] {
    types.values.sorted { ($0.schema.name.domain, $0.schema.name.name) < ($1.schema.name.domain, $1.schema.name.name) }
  }

  /// Makes an operator from its name and attributes; nil if the name is not known.
  ///
  /// - Throws: `operator/attribute-…` for unknown, missing and wrong attributes.
  public func decode(_ name: OperatorName, _ attributes: Attributes) throws(Diagnostic) -> (any Operator)? {
    guard let type = types[name] else { return nil }
    try type.schema.check(attributes)
    return try type.init(decoding: attributes)
  }
}
