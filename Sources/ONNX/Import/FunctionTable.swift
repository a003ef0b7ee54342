internal import COnnx
import LatheDiagnostics
import LatheIR
import LatheProtobuf

/// The functions of a model, checked: no two alike, none that calls itself, none that grows beyond the limits.
struct FunctionTable {
  struct Key: Hashable {
    var name: OperatorName
    var overload: String
  }

  typealias Proto = UnsafeMutablePointer<Lathe__Onnx__FunctionProto>

  private var functions: [Key: Proto] = [:]
  private var costs: [Key: Cost] = [:]

  /// What one call expands to.
  fileprivate struct Cost {
    var nodes: Int
    var depth: Int
  }

  var isEmpty: Bool { functions.isEmpty }

  /// - Throws: `onnx/function-duplicate`, `onnx/function-cycle`, and `limit/…` for what calls of calls would grow to.
  init(_ protos: MessageList<Lathe__Onnx__FunctionProto>, limits: ResourceLimits) throws(Diagnostic) {
    var keys: [Key] = []
    for proto in protos {
      let key = Key(
        name: OperatorName(
          domain: try ModelReader.text(proto.pointee.domain, "a function's domain"),
          try ModelReader.text(proto.pointee.name, "a function's name")),
        overload: try ModelReader.text(proto.pointee.overload, "a function's overload"))
      guard functions.updateValue(proto, forKey: key) == nil else {
        throw .invalid(
          "onnx/function-duplicate", "two functions are named \(key.described)", fix: "give them different overloads")
      }
      keys.append(key)
    }
    var open: [Key] = []
    for key in keys { _ = try cost(key, &open, limits) }
  }

  /// The function that a node calls.
  subscript(name: OperatorName, overload: String) -> Proto? { functions[Key(name: name, overload: overload)] }

  /// Refuses a graph whose calls would grow beyond the limit, before they do.
  mutating func check(_ graph: UnsafeMutablePointer<Lathe__Onnx__GraphProto>, limits: ResourceLimits) throws(Diagnostic)
  {
    guard !isEmpty else { return }
    var open: [Key] = []
    let total = try cost(of: MessageList(graph.pointee.node, graph.pointee.n_node), isRepeated: false, &open, limits)
    guard total.nodes <= limits.expandedNodes else {
      throw limits.exceeded("expanded-nodes", "the graph expands to \(total.nodes) nodes or more")
    }
  }

  private mutating func cost(_ key: Key, _ open: inout [Key], _ limits: ResourceLimits) throws(Diagnostic) -> Cost {
    if let known = costs[key] { return known }
    guard let proto = functions[key] else { return Cost(nodes: 0, depth: 0) }
    if let start = open.firstIndex(of: key) {
      let loop = (open[start...] + [key]).map(\.described).joined(separator: " → ")
      throw .invalid(
        "onnx/function-cycle", "functions call each other in a circle: \(loop)", fix: "use Loop or Scan for iteration")
    }
    let deepest = min(max(1, limits.nestingDepth), WireScan.hardLevels)
    guard open.count < deepest else { throw Self.tooDeep(key, deepest, limits) }
    open.append(key)
    defer { open.removeLast() }
    var total = try cost(of: MessageList(proto.pointee.node, proto.pointee.n_node), isRepeated: true, &open, limits)
    total.multiply(by: Self.weight(ofHeader: proto))
    guard total.nodes <= limits.expandedNodes else {
      throw limits.exceeded("expanded-nodes", "the function \(key.described) expands to \(total.nodes) nodes or more")
    }
    guard total.depth < deepest else { throw Self.tooDeep(key, deepest, limits) }
    costs[key] = Cost(nodes: total.nodes, depth: total.depth + 1)
    return Cost(nodes: total.nodes, depth: total.depth + 1)
  }

  private static func tooDeep(_ key: Key, _ deepest: Int, _ limits: ResourceLimits) -> Diagnostic {
    limits.exceeded("nesting-depth", "functions call functions more than \(deepest) deep, at \(key.described)")
  }

  /// What nodes expand to; those of a function's body are `isRepeated`, so that their own size counts as well.
  private mutating func cost(
    of nodes: MessageList<Lathe__Onnx__NodeProto>, isRepeated: Bool, _ open: inout [Key], _ limits: ResourceLimits
  ) throws(Diagnostic) -> Cost {
    var total = Cost(nodes: 0, depth: 0)
    for node in nodes {
      let key = Key(
        name: OperatorName(domain: node.pointee.domain.repairedText, node.pointee.op_type.repairedText),
        overload: node.pointee.overload.repairedText)
      var called = try cost(key, &open, limits)
      // A call's name goes into its nodes' names, and its attributes into every node that refers to them.
      if called.nodes > 0 { called.multiply(by: Self.weight(of: node)) }
      var inner = Cost(nodes: isRepeated ? Self.weight(of: node) : 1, depth: 0)
      for attribute in MessageList(node.pointee.attribute, node.pointee.n_attribute) {
        if let graph = attribute.pointee.g {
          inner.add(
            try cost(of: MessageList(graph.pointee.node, graph.pointee.n_node), isRepeated: isRepeated, &open, limits))
        }
        for graph in MessageList(attribute.pointee.graphs, attribute.pointee.n_graphs) {
          inner.add(
            try cost(of: MessageList(graph.pointee.node, graph.pointee.n_node), isRepeated: isRepeated, &open, limits))
        }
      }
      total.add(called)
      total.add(inner)
      guard total.nodes <= limits.expandedNodes else { return total }
    }
    return total
  }
}

extension FunctionTable {
  /// Bytes of a message that count as much as one node.
  private static let bytesPerNode = 256

  /// How many ordinary nodes a node counts for.
  private static func weight(of node: UnsafeMutablePointer<Lathe__Onnx__NodeProto>) -> Int {
    1 + lathe__onnx__node_proto__get_packed_size(node) / bytesPerNode
  }

  /// How many ordinary nodes each node of a function counts for, by what is read anew at every call.
  private static func weight(ofHeader proto: Proto) -> Int {
    var bytes = 0
    for attribute in MessageList(proto.pointee.attribute_proto, proto.pointee.n_attribute_proto) {
      bytes += lathe__onnx__attribute_proto__get_packed_size(attribute)
    }
    let names =
      proto.pointee.n_input + proto.pointee.n_output + proto.pointee.n_attribute + proto.pointee.n_opset_import
    return 1 + (bytes + 4 * names) / bytesPerNode
  }
}

extension FunctionTable.Key {
  var described: String { overload.isEmpty ? "\(name)" : "\(name):\(overload)" }
}

extension FunctionTable.Cost {
  fileprivate mutating func add(_ other: FunctionTable.Cost) {
    let (sum, overflow) = nodes.addingReportingOverflow(other.nodes)
    nodes = overflow ? Int.max : sum
    depth = max(depth, other.depth)
  }

  fileprivate mutating func multiply(by factor: Int) {
    let (product, overflow) = nodes.multipliedReportingOverflow(by: factor)
    nodes = overflow ? Int.max : product
  }
}
