import LatheDiagnostics
import LatheIR

/// A pass that is a list of rewrite rules.
public protocol RewritePass: Explaining {
  /// The rules; where several match at one node, the first wins.
  var rules: [RewriteRule] { get }
}

extension RewritePass {
  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    try RewriteEngine(rules).run(on: &graph, in: context)
  }

  public func explain(_ graph: Graph) -> [String] { RewriteEngine(rules).explain(graph) }
}
