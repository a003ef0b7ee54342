import LatheDiagnostics
import LatheIR
import LatheTensors

/// Where a pattern lies in a graph.
public struct Match: Sendable {
  /// The node whose outputs are replaced.
  public let root: NodeID
  /// The matched nodes, root first, each before the producers of its operands.
  public internal(set) var nodes: [NodeID] = []
  var values: [String: ValueID] = [:]
  var named: [String: NodeID] = [:]

  init(root: NodeID) { self.root = root }

  /// The value bound to a name.
  ///
  /// - Throws: `passes/unbound` if the pattern binds no such name on the way that matched.
  public func value(_ name: String) throws(Diagnostic) -> ValueID {
    guard let value = values[name] else { throw Self.unbound(name) }
    return value
  }

  /// The value bound to a name, nil where the pattern left it out.
  public func optionalValue(_ name: String) -> ValueID? { values[name] }

  /// The node bound to a name.
  ///
  /// - Throws: `passes/unbound` if the pattern binds no such name on the way that matched.
  public func node(_ name: String) throws(Diagnostic) -> NodeID {
    guard let node = named[name] else { throw Self.unbound(name) }
    return node
  }

  private static func unbound(_ name: String) -> Diagnostic {
    Diagnostic("passes/unbound", .internalFault, "the rule uses \(name), which its pattern does not bind")
  }
}
