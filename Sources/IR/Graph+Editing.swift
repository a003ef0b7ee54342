import LatheDiagnostics
import LatheTensors

extension Graph {
  /// Adds an input, which need not be fed if it has a default.
  ///
  /// - Throws: `ir/duplicate-name` if a value has that name; so do all methods that name a value.
  public mutating func addInput(
    _ name: String, type: ValueType?, defaultValue: Tensor? = nil
  ) throws(Diagnostic) -> ValueID {
    let id = try addValue(name, type: type, constant: nil)
    self[id].defaultValue = defaultValue
    inputs.append(id)
    return id
  }

  /// Adds a value that stands for one of the enclosing graph.
  public mutating func addCapture(_ name: String, type: ValueType?) throws(Diagnostic) -> ValueID {
    let id = try addValue(name, type: type, constant: nil)
    captures.append(id)
    return id
  }

  /// Adds a constant.
  public mutating func addConstant(_ name: String, _ tensor: Tensor) throws(Diagnostic) -> ValueID {
    try addValue(name, type: .tensor(TensorType(of: tensor)), constant: tensor)
  }

  /// Adds a node at the end, or before `successor`, with new values of the given names as its outputs (nil where not produced).
  ///
  /// Types are not inferred here; `GraphBuilder` and `inferTypes` do that.
  @discardableResult
  public mutating func addNode(
    _ op: any Operator, inputs: [ValueID?], captures: [ValueID] = [], outputs: [String?], name: String = "",
    provenance: Provenance, before successor: NodeID? = nil
  ) throws(Diagnostic) -> NodeID {
    let id = NodeID(nodes.count)
    nodes.append(nil)
    var outputIDs: [ValueID?] = []
    for output in outputs {
      guard let output else {
        outputIDs.append(nil)
        continue
      }
      let value = try addValue(output, type: nil, constant: nil)
      values[value.index]?.producer = id
      outputIDs.append(value)
    }
    let node = Node(
      name: name, op: op, inputs: Self.trimmed(inputs), outputs: Self.trimmed(outputIDs), captures: captures,
      provenance: provenance, annotations: Annotations())
    nodes[id.index] = node
    for operand in node.operands { self[operand].users.append(id) }
    let position = successor.flatMap { order.firstIndex(of: $0) } ?? order.count
    order.insert(id, at: position)
    return id
  }

  /// Makes every reader of `old`, and every output that is `old`, read `new` instead.
  public mutating func replaceAllUses(of old: ValueID, with new: ValueID) {
    guard old != new else { return }
    let users = self[old].users
    for user in Set(users) {
      self[user].inputs = self[user].inputs.map { $0 == old ? new : $0 }
      self[user].captures = self[user].captures.map { $0 == old ? new : $0 }
    }
    self[new].users.append(contentsOf: users)
    self[old].users = []
    outputs = outputs.map { $0 == old ? new : $0 }
  }

  /// Makes one input of a node read another value, or nothing.
  public mutating func setInput(_ position: Int, of id: NodeID, to value: ValueID?) {
    var inputs = self[id].inputs
    while inputs.count <= position { inputs.append(nil) }
    if let old = inputs[position] { dropUse(of: old, by: id) }
    inputs[position] = value
    self[id].inputs = Self.trimmed(inputs)
    if let value { self[value].users.append(id) }
  }

  /// Replaces a node's operator, keeping its operands.
  public mutating func setOperator(_ op: any Operator, of id: NodeID) { self[id].op = op }

  /// Removes a node and the values it produces.
  ///
  /// - Precondition: nothing reads those values.
  public mutating func removeNode(_ id: NodeID) {
    let node = self[id]
    for operand in node.operands { dropUse(of: operand, by: id) }
    for output in node.outputs.compactMap({ $0 }) { removeValue(output) }
    nodes[id.index] = nil
    // Passes delete mostly from the end, where this search is short.
    if let position = order.lastIndex(of: id) { order.remove(at: position) }
  }

  /// Removes several nodes and the values they produce; one walk over the order.
  ///
  /// - Precondition: nothing outside the set reads those values.
  public mutating func removeNodes(_ ids: Set<NodeID>) {
    for id in order.reversed() where ids.contains(id) {
      let node = self[id]
      for operand in node.operands { dropUse(of: operand, by: id) }
      for output in node.outputs.compactMap({ $0 }) { removeValue(output) }
      nodes[id.index] = nil
    }
    order.removeAll { ids.contains($0) }
  }

  /// Removes those of the nodes that nothing reads, then whatever only they read, constants included; one walk over the graph.
  public mutating func removeUnread(_ candidates: some Sequence<NodeID>) {
    var readers: [ValueID: Int] = [:]
    var dead: Set<NodeID> = []
    var waiting = Array(candidates)
    let results = Set(outputs)
    while let id = waiting.popLast() {
      guard contains(id), !dead.contains(id) else { continue }
      let isRead = self[id].outputs.contains { output in
        guard let output else { return false }
        return results.contains(output) || (readers[output] ?? self[output].users.count) > 0
      }
      if isRead { continue }
      dead.insert(id)
      for operand in self[id].operands {
        readers[operand] = (readers[operand] ?? self[operand].users.count) - 1
        if let producer = self[operand].producer { waiting.append(producer) }
      }
    }
    guard !dead.isEmpty else { return }
    let loose = readers.filter { $0.value == 0 && self[$0.key].constant != nil && !results.contains($0.key) }
    removeNodes(dead)
    for value in loose.keys { removeValue(value) }
  }

  /// Removes a value that nothing reads: a constant, an input or an output of a node being removed.
  ///
  /// - Precondition: it has no users and is not an output.
  public mutating func removeValue(_ id: ValueID) {
    precondition(self[id].users.isEmpty && !isOutput(id), "%\(self[id].name) is still in use")
    valueIDs[self[id].name] = nil
    if self[id].producer == nil, self[id].constant == nil {
      inputs.removeAll { $0 == id }
      captures.removeAll { $0 == id }
    }
    values[id.index] = nil
  }

  /// Sets the graph's outputs.
  public mutating func setOutputs(_ ids: [ValueID]) { outputs = ids }

  /// Sets what is known about a value's type.
  public mutating func setType(_ type: ValueType?, of id: ValueID) { self[id].type = type }

  /// Turns an input, or a constant, into a constant with these contents; its type follows.
  public mutating func setConstant(_ tensor: Tensor, of id: ValueID) {
    inputs.removeAll { $0 == id }
    self[id].constant = tensor
    self[id].defaultValue = nil
    self[id].type = .tensor(TensorType(of: tensor))
  }

  /// Gives a value another name.
  public mutating func rename(_ id: ValueID, to name: String) throws(Diagnostic) {
    guard self[id].name != name else { return }
    guard valueIDs[name] == nil else { throw Self.duplicate(name) }
    valueIDs[self[id].name] = nil
    valueIDs[name] = id
    self[id].name = name
  }

  /// `base`, or `base` with the first free number behind it.
  public func uniqueName(_ base: String) -> String {
    guard valueIDs[base] != nil else { return base }
    var number = 1
    while valueIDs["\(base)_\(number)"] != nil { number += 1 }
    return "\(base)_\(number)"
  }

  mutating func addValue(_ name: String, type: ValueType?, constant: Tensor?) throws(Diagnostic) -> ValueID {
    guard valueIDs[name] == nil else { throw Self.duplicate(name) }
    let id = ValueID(values.count)
    values.append(
      Value(
        name: name, type: type, constant: constant, defaultValue: nil, producer: nil, users: [],
        annotations: Annotations()))
    valueIDs[name] = id
    return id
  }

  private mutating func dropUse(of value: ValueID, by node: NodeID) {
    if let position = self[value].users.lastIndex(of: node) { self[value].users.remove(at: position) }
  }

  private static func trimmed(_ ids: [ValueID?]) -> [ValueID?] {
    Array(ids[..<((ids.lastIndex { $0 != nil }).map { $0 + 1 } ?? 0)])
  }

  private static func duplicate(_ name: String) -> Diagnostic {
    .invalid(
      "ir/duplicate-name", "two values are named \(name)", at: Location(value: name),
      fix: "give every value a name of its own")
  }
}
