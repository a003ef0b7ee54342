import LatheDiagnostics
import LatheIR
import LatheTensors

/// A local change of a graph as data: what it looks for, what must hold there, and what it puts in its place.
///
/// The nodes between the root and the pattern's values go with the root, so no other node may read them; `sharesOperands` lifts that for
/// rules whose gain does not depend on it.
public struct RewriteRule: Sendable {
  /// A reason to leave a match alone; nil where it may be rewritten.
  public typealias Check = @Sendable (Match, Graph) throws(Diagnostic) -> String?
  /// Adds the new nodes and returns a value for each output of the root, in order; nil where the root does not produce it.
  public typealias Rewrite = @Sendable (Match, RewriteSite, inout Graph) throws(Diagnostic) -> [ValueID?]

  /// What `--why` calls it.
  public let name: String
  public let pattern: Pattern
  public let sharesOperands: Bool
  let check: Check
  let rewrite: Rewrite

  /// - Parameter pattern: its root is an operator, or several to choose from.
  public init(
    _ name: String, pattern: Pattern, sharesOperands: Bool = false,
    check: @escaping Check = { (_, _) throws(Diagnostic) in nil }, rewrite: @escaping Rewrite
  ) {
    self.name = name
    self.pattern = pattern
    self.sharesOperands = sharesOperands
    self.check = check
    self.rewrite = rewrite
  }

  /// The operators that a match can start at.
  var roots: [any Operator.Type] { Self.roots(pattern) }

  private static func roots(_ pattern: Pattern) -> [any Operator.Type] {
    switch pattern {
    case .node(let node): [node.type]
    case .either(let patterns): patterns.flatMap { roots($0) }
    case .value, .constant, .number, .optional: []
    }
  }
}

/// Where a rewrite adds its nodes: before the root of the match, with the matched nodes as their provenance.
public struct RewriteSite: Sendable {
  let match: Match
  let context: PassContext

  public var limits: ResourceLimits { context.limits }

  /// Adds a node with one output and returns it.
  ///
  /// - Throws: what the operator's checks and inference have against it.
  public func add(_ op: any Operator, _ inputs: [ValueID?], to graph: inout Graph) throws(Diagnostic) -> ValueID {
    try context.add(op, inputs, to: &graph, replacing: match.nodes)[0]
  }

  /// Adds a constant under `name`, or a numbered variant of it.
  public func constant(_ name: String, _ tensor: Tensor, in graph: inout Graph) throws(Diagnostic) -> ValueID {
    try graph.addConstant(graph.uniqueName(name), tensor)
  }
}
