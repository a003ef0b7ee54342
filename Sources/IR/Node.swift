import LatheTensors
import OrderedCollections

/// Index of a node in its graph.
public struct NodeID: Sendable, Hashable {
  public let index: Int
  init(_ index: Int) { self.index = index }
}

/// Index of a value in its graph.
public struct ValueID: Sendable, Hashable {
  public let index: Int
  init(_ index: Int) { self.index = index }
}

/// Text that travels with a part of a model and means nothing to the computation.
public struct Annotations: Sendable, Hashable {
  public var documentation: String
  public var metadata: OrderedDictionary<String, String>

  public init(documentation: String = "", metadata: OrderedDictionary<String, String> = [:]) {
    self.documentation = documentation
    self.metadata = metadata
  }

  public var isEmpty: Bool { documentation.isEmpty && metadata.isEmpty }
}

/// Who made a node.
public enum Provenance: Sendable, Hashable {
  /// A node of the imported model, by name or description; inlined functions are joined by `/`.
  case source(String)
  /// A pass, and the nodes it made this one from.
  case pass(String, from: [String])
}

/// One operation: an operator applied to values.
public struct Node: Sendable {
  /// As in the source; may be empty and need not be unique.
  public var name: String
  public internal(set) var op: any Operator
  /// nil where an optional input is left out; trailing nils are not kept.
  public internal(set) var inputs: [ValueID?]
  /// nil where an output is not produced; trailing nils are not kept.
  public internal(set) var outputs: [ValueID?]
  /// Values of this graph that the operator's subgraphs use, in the order of `subgraphs` and of each graph's `captures`.
  public internal(set) var captures: [ValueID]
  public var provenance: Provenance
  public var annotations: Annotations

  /// Every value the node reads, inputs before captures.
  public var operands: [ValueID] { inputs.compactMap { $0 } + captures }
}

/// One value: an input, a constant, or what a node produces.
public struct Value: Sendable {
  /// Unique in its graph.
  public internal(set) var name: String
  /// nil if nothing is known.
  public internal(set) var type: ValueType?
  /// The contents of a constant.
  public internal(set) var constant: Tensor?
  /// What an input holds when it is not fed; not a constant, since it can be.
  public internal(set) var defaultValue: Tensor?
  /// The node that produces it; nil for inputs, captures and constants.
  public internal(set) var producer: NodeID?
  /// Nodes that read it, once for each reading operand.
  public internal(set) var users: [NodeID]
  public var annotations: Annotations
}
