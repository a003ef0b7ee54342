import LatheIR

/// The shape of a piece of a graph, written with operators as the graph is written.
///
/// ```swift
/// .op(Mul.self, "x", .op(Sigmoid.self, "x"))      // %x · Sigmoid(%x), in either order
/// ```
/// A string binds a value, and the same string again asks for the same value; a number asks for a constant of one element
/// that equals it in the constant's own precision. Operands of a `Commutative` operator match in either order.
public indirect enum Pattern: Sendable {
  /// Any value, bound to the name.
  case value(String)
  /// A constant with any contents, bound to the name.
  case constant(String)
  /// A constant of one element that equals the number, to the precision of its type.
  case number(Double)
  /// What an operator produces.
  case node(NodePattern)
  /// The first of these that lets the rest match.
  case either([Pattern])
  /// An operand that may be left out.
  case optional(Pattern)

  /// The first output of an operator on these operands; operands not written must be left out in the graph as well.
  ///
  /// - Parameters:
  ///   - name: binds the node for `Match.node`.
  ///   - test: a reason why an operator with these attributes does not match, or nil.
  public static func op<Op: Operator>(
    _ type: Op.Type, _ operands: Pattern..., as name: String? = nil,
    where test: @escaping @Sendable (Op) -> String? = { _ in nil }
  ) -> Pattern {
    .node(NodePattern(type, operands, name: name, where: test))
  }
}

/// One operator of a pattern.
public struct NodePattern: Sendable {
  let type: any Operator.Type
  let operands: [Pattern]
  let name: String?
  let test: @Sendable (any Operator) -> String?

  /// As `Pattern.op`, with the operands as a list.
  public init<Op: Operator>(
    _ type: Op.Type, _ operands: [Pattern], name: String? = nil,
    where test: @escaping @Sendable (Op) -> String? = { _ in nil }
  ) {
    self.type = type
    self.operands = operands
    self.name = name
    self.test = { op in (op as? Op).flatMap(test) }
  }

  /// Operators in the longest way through the pattern; what `--why` counts.
  var size: Int { operands.reduce(1) { $0 + $1.size } }
}

extension Pattern {
  var size: Int {
    switch self {
    case .value, .constant, .number: 0
    case .node(let node): node.size
    case .either(let patterns): patterns.map(\.size).max() ?? 0
    case .optional(let pattern): pattern.size
    }
  }
}

extension Pattern: ExpressibleByStringLiteral, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  public init(stringLiteral value: String) { self = .value(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(integerLiteral value: Int) { self = .number(Double(value)) }
}
