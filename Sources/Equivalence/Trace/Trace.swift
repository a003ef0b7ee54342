import LatheJSON

/// The errors of a candidate node by node.
public struct Trace: Sendable {
  /// In the order of the candidate's nodes.
  public let entries: [NodeTrace]
  /// Nodes of the candidate, and those of them with a counterpart.
  public let nodeCount, pairedNodeCount: Int

  /// How many nodes could be compared.
  public var coverage: String {
    let rest = nodeCount - pairedNodeCount
    let counted = "\(pairedNodeCount) of \(nodeCount) nodes have a counterpart in the reference"
    return rest == 0 ? counted : counted + "; the error of each other node counts as that of the next one behind it"
  }

  /// The trace for machines.
  public var json: JSONValue {
    ["nodes": .integer(Int64(nodeCount)), "paired": .integer(Int64(pairedNodeCount)), "entries": .array(entries.map(\.json))]
  }
}
