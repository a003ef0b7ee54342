import LatheDiagnostics
import LatheTensors
import OrderedCollections

/// Name of an operator within its domain; the standard ONNX domain is the empty string.
public struct OperatorName: Sendable, Hashable, CustomStringConvertible {
  public var domain: String
  public var name: String

  public init(domain: String = "", _ name: String) {
    self.domain = domain == "ai.onnx" ? "" : domain
    self.name = name
  }

  /// `Softmax`, or `com.microsoft::FusedMatMul` outside the standard domain.
  public var description: String { domain.isEmpty ? name : "\(domain)::\(name)" }
}

/// What an operator takes and gives: the contract that is checked before inference and evaluation see an operand.
public struct OperatorSchema: Sendable {
  /// One formal input or output.
  public struct Operand: Sendable {
    public enum Arity: Sendable { case required, optional, variadic }

    public var name: String
    /// Operands with the same variable have the same element type.
    public var variable: String
    public var domain: DTypeDomain
    public var arity: Arity

    public init(_ name: String, _ variable: String, _ domain: DTypeDomain, _ arity: Arity = .required) {
      self.name = name
      self.variable = variable
      self.domain = domain
      self.arity = arity
    }
  }

  public var name: OperatorName
  /// Version of the domain's operator set since which this meaning holds.
  public var sinceVersion: Int
  public var inputs: [Operand]
  public var outputs: [Operand]
  /// Attributes that the operator decodes, with their kinds.
  public var attributes: [String: Attribute.Kind]

  public init(
    _ name: String, domain: String = "", since sinceVersion: Int, inputs: [Operand], outputs: [Operand],
    attributes: [String: Attribute.Kind] = [:]
  ) {
    self.name = OperatorName(domain: domain, name)
    self.sinceVersion = sinceVersion
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
  }

  /// Formal input at a position; a variadic last one repeats.
  public func input(at position: Int) -> Operand? { Self.operand(inputs, position) }

  /// Formal output at a position; a variadic last one repeats.
  public func output(at position: Int) -> Operand? { Self.operand(outputs, position) }

  private static func operand(_ list: [Operand], _ position: Int) -> Operand? {
    if position < list.count { return list[position] }
    guard let last = list.last, last.arity == .variadic else { return nil }
    return last
  }

  /// Checks presence, number and element types of the inputs.
  ///
  /// Operands that are not tensors are left to the operator's own inference.
  ///
  /// - Throws: `operator/inputs` or `operator/dtype`, naming the operand.
  public func check(_ types: [ValueType?], present: [Bool]) throws(Diagnostic) {
    var variables: [String: (type: DType, operand: String)] = [:]
    for position in types.indices {
      guard let formal = input(at: position) else {
        throw .invalid("operator/inputs", "\(name) takes \(inputs.count) inputs, but \(types.count) are given")
      }
      guard present[position] else {
        // Operands of an operator that Lathe does not know may all be optional.
        guard formal.arity == .optional || formal.arity == .variadic && formal.variable.isEmpty else {
          throw missing(formal)
        }
        continue
      }
      guard let type = types[position]?.tensor else { continue }
      guard formal.domain.contains(type.dtype) else {
        let accepted = formal.domain.types.map(\.name).joined(separator: ", ")
        throw .invalid(
          "operator/dtype", "\(name) does not take \(type.dtype) as its input \(formal.name)",
          fix: "it takes \(accepted)")
      }
      if formal.arity == .variadic, formal.variable.isEmpty { continue }
      if let bound = variables[formal.variable], bound.type != type.dtype {
        throw .invalid(
          "operator/dtype",
          "\(name) needs one element type for \(bound.operand) and \(formal.name), but they are \(bound.type) and \(type.dtype)"
        )
      }
      if !formal.variable.isEmpty { variables[formal.variable] = (type.dtype, formal.name) }
    }
    for formal in inputs.dropFirst(types.count) where formal.arity == .required { throw missing(formal) }
  }

  /// Refuses attributes the operator does not have.
  ///
  /// - Throws: `operator/attribute-unknown`, listing the known ones.
  public func check(_ given: Attributes) throws(Diagnostic) {
    for name in given.values.keys where attributes[name] == nil {
      let known = attributes.keys.sorted().joined(separator: ", ")
      throw .invalid(
        "operator/attribute-unknown", "\(self.name) has no attribute \(name)",
        fix: known.isEmpty ? "it has none" : "it has \(known)")
    }
  }

  private func missing(_ formal: Operand) -> Diagnostic {
    .invalid("operator/inputs", "\(name) needs its input \(formal.name)")
  }
}
