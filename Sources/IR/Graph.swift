import LatheTensors

/// A computation in single-assignment form: inputs and constants go through nodes, in topological order, to outputs.
///
/// A value type: copies share storage until one is changed. Constants are values and share their tensors' storage.
public struct Graph: Sendable {
  public var name: String
  public var annotations = Annotations()
  var nodes: [Node?] = []
  var values: [Value?] = []
  var valueIDs: [String: ValueID] = [:]
  /// Nodes in topological order.
  public internal(set) var order: [NodeID] = []
  public internal(set) var inputs: [ValueID] = []
  public internal(set) var outputs: [ValueID] = []
  /// Values that stand for values of the enclosing graph; empty for a main graph.
  public internal(set) var captures: [ValueID] = []

  public init(name: String = "") {
    self.name = name
  }

  /// The node; the id must be of a node that was not removed.
  public subscript(id: NodeID) -> Node {
    get {
      guard let node = nodes[id.index] else { preconditionFailure("node \(id.index) was removed") }
      return node
    }
    _modify {
      guard var node = nodes[id.index] else { preconditionFailure("node \(id.index) was removed") }
      nodes[id.index] = nil
      defer { nodes[id.index] = node }
      yield &node
    }
  }

  /// The value; the id must be of a value that was not removed.
  public subscript(id: ValueID) -> Value {
    get {
      guard let value = values[id.index] else { preconditionFailure("value \(id.index) was removed") }
      return value
    }
    _modify {
      guard var value = values[id.index] else { preconditionFailure("value \(id.index) was removed") }
      values[id.index] = nil
      defer { values[id.index] = value }
      yield &value
    }
  }

  /// The value with this name.
  public func value(named name: String) -> ValueID? { valueIDs[name] }

  /// Whether the node was not removed.
  public func contains(_ id: NodeID) -> Bool { nodes.indices.contains(id.index) && nodes[id.index] != nil }

  /// Whether the value was not removed.
  public func contains(_ id: ValueID) -> Bool { values.indices.contains(id.index) && values[id.index] != nil }

  /// All values, in the order they were made.
  public var valueIDsInOrder: [ValueID] { values.indices.filter { values[$0] != nil }.map { ValueID($0) } }

  /// Constants, in the order they were made.
  public var constants: [ValueID] { values.indices.filter { values[$0]?.constant != nil }.map { ValueID($0) } }

  /// Whether the value is one of the graph's outputs.
  public func isOutput(_ id: ValueID) -> Bool { outputs.contains(id) }

  /// The constant's contents, if the value is one.
  public func constant(_ id: ValueID?) -> Tensor? { id.flatMap { values[$0.index]?.constant } }

  /// The node that produces the value, if one does.
  public func producer(of id: ValueID) -> Node? { self[id].producer.map { self[$0] } }

  /// How a diagnostic names the node: its name, or its operator and first output.
  public func describe(_ id: NodeID) -> String {
    let node = self[id]
    if !node.name.isEmpty { return "\(node.name) (\(node.op.name))" }
    let output = node.outputs.lazy.compactMap { $0 }.first.map { " → %\(self[$0].name)" } ?? ""
    return "\(node.op.name)\(output)"
  }

  /// Elements of all constants and defaults of inputs, subgraphs included.
  public var parameterCount: Int { sumConstants { $0.elementCount } }

  /// Bytes of all constants and defaults of inputs, subgraphs included; a tensor used under two names counts twice.
  public var constantByteCount: Int { sumConstants { $0.byteCount } }

  /// Nodes, subgraphs included.
  public var totalNodeCount: Int {
    order.reduce(order.count) { count, id in count + subgraphs(of: id).reduce(0) { $0 + $1.totalNodeCount } }
  }

  /// The graphs that the node's operator holds.
  public func subgraphs(of id: NodeID) -> [Graph] {
    (self[id].op as? any SubgraphHolder)?.subgraphs.map(\.graph) ?? []
  }

  private func sumConstants(_ measure: (Tensor) -> Int) -> Int {
    let own = values.reduce(0) { $0 + (($1?.constant ?? $1?.defaultValue).map(measure) ?? 0) }
    return order.reduce(own) { sum, id in sum + subgraphs(of: id).reduce(0) { $0 + $1.sumConstants(measure) } }
  }
}

extension Graph: Equatable {
  /// Same interface, nodes in the same order, operators, attributes, names, types and constants; ids may differ.
  ///
  /// Constants are compared by name, so their order does not matter; provenance and annotations are not compared.
  public static func == (a: Graph, b: Graph) -> Bool {
    guard a.order.count == b.order.count, a.names(a.inputs) == b.names(b.inputs),
      a.names(a.outputs) == b.names(b.outputs),
      a.names(a.captures) == b.names(b.captures), a.valueIDs.count == b.valueIDs.count
    else { return false }
    for (name, id) in a.valueIDs {
      guard let other = b.valueIDs[name] else { return false }
      let (left, right) = (a[id], b[other])
      guard left.type == right.type, left.constant == right.constant, left.defaultValue == right.defaultValue else {
        return false
      }
    }
    return zip(a.order, b.order).allSatisfy { left, right in
      let (one, two) = (a[left], b[right])
      return one.name == two.name && one.op.name == two.op.name && one.op.attributes == two.op.attributes
        && a.names(one.inputs) == b.names(two.inputs) && a.names(one.outputs) == b.names(two.outputs)
        && a.names(one.captures) == b.names(two.captures)
    }
  }

  private func names(_ ids: [ValueID?]) -> [String?] { ids.map { $0.map { self[$0].name } } }
}
