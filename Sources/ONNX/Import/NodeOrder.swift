internal import COnnx
import LatheDiagnostics
import LatheProtobuf

/// Puts nodes into an order in which every value is made before it is read.
struct NodeOrder {
  typealias Nodes = MessageList<Lathe__Onnx__NodeProto>

  private let nodes: Nodes
  private let scope: Scope
  private let freeNames: FreeNames

  /// - Parameter scope: binds the names of all outputs to the positions of their nodes.
  init(_ nodes: Nodes, _ scope: Scope, _ freeNames: FreeNames) {
    self.nodes = nodes
    self.scope = scope
    self.freeNames = freeNames
  }

  /// Positions of the nodes; a list that is in order keeps it.
  ///
  /// Linear in nodes and operands.
  ///
  /// - Throws: `onnx/cycle`, naming the nodes of one cycle.
  func positions() throws(Diagnostic) -> [Int] {
    let ordered = nodes.indices.allSatisfy { position in producers(of: position).allSatisfy { $0 < position } }
    return ordered ? Array(nodes.indices) : try sorted()
  }

  private func sorted() throws(Diagnostic) -> [Int] {
    var waiting = [Int](repeating: 0, count: nodes.count)
    var readers = [[Int]](repeating: [], count: nodes.count)
    for position in nodes.indices {
      for producer in producers(of: position) {
        waiting[position] += 1
        readers[producer].append(position)
      }
    }
    var ready = nodes.indices.filter { waiting[$0] == 0 }
    var next = 0
    while next < ready.count {
      for reader in readers[ready[next]] {
        waiting[reader] -= 1
        if waiting[reader] == 0 { ready.append(reader) }
      }
      next += 1
    }
    guard ready.count == nodes.count else { throw cycle(waiting) }
    return ready
  }

  /// Nodes of this list whose outputs the node reads, itself or in graphs that it holds.
  private func producers(of position: Int) -> [Int] {
    var found: [Int] = []
    func add(_ name: String) {
      if case .node(let producer)? = scope.bindings[name] { found.append(producer) }
    }
    let node = nodes[position]
    for index in 0..<node.pointee.n_input {
      if let name = node.pointee.input?[index].text, !name.isEmpty { add(name) }
    }
    guard node.pointee.n_attribute > 0 else { return found }
    for name in freeNames.names(in: node) { add(name) }
    return found
  }

  /// Walks back along producers that still wait until a node repeats.
  private func cycle(_ waiting: [Int]) -> Diagnostic {
    var path: [Int] = []
    var place: [Int: Int] = [:]
    var current = nodes.indices.first { waiting[$0] > 0 } ?? 0
    while place[current] == nil {
      place[current] = path.count
      path.append(current)
      guard let back = producers(of: current).first(where: { waiting[$0] > 0 }) else { break }
      current = back
    }
    let loop = path[(place[current] ?? 0)...].reversed()
    let count = "\(loop.count) node\(loop.count == 1 ? "" : "s")"
    let names = loop.prefix(8).map { scope.path + nodes[$0].described }.joined(separator: " → ")
    return .invalid(
      "onnx/cycle",
      "the graph has a cycle of \(count): \(names)\(loop.count > 8 ? " → …" : "")",
      at: Location(node: loop.first.map { scope.path + nodes[$0].described }),
      fix: "a graph must be acyclic; use Loop or Scan for iteration")
  }
}

/// The names that graphs in attributes read from the graphs around them; each graph is looked through once.
final class FreeNames {
  private var known: [UnsafeMutablePointer<Lathe__Onnx__GraphProto>: Set<String>] = [:]

  /// Names that the graphs of a node read from outside, each once.
  ///
  /// Graphs nest no deeper than the wire scan allows.
  func names(in node: UnsafeMutablePointer<Lathe__Onnx__NodeProto>) -> Set<String> {
    var found: Set<String> = []
    for attribute in MessageList(node.pointee.attribute, node.pointee.n_attribute) {
      if let graph = attribute.pointee.g { found.formUnion(names(in: graph)) }
      for graph in MessageList(attribute.pointee.graphs, attribute.pointee.n_graphs) {
        found.formUnion(names(in: graph))
      }
    }
    return found
  }

  private func names(in graph: UnsafeMutablePointer<Lathe__Onnx__GraphProto>) -> Set<String> {
    if let names = known[graph] { return names }
    let names = find(in: graph)
    known[graph] = names
    return names
  }

  private func find(in graph: UnsafeMutablePointer<Lathe__Onnx__GraphProto>) -> Set<String> {
    var read: Set<String> = []
    var own: Set<String> = []
    for node in MessageList(graph.pointee.node, graph.pointee.n_node) {
      for index in 0..<node.pointee.n_input { read.insert(node.pointee.input?[index].text ?? "") }
      for index in 0..<node.pointee.n_output { own.insert(node.pointee.output?[index].text ?? "") }
      if node.pointee.n_attribute > 0 { read.formUnion(names(in: node)) }
    }
    for output in MessageList(graph.pointee.output, graph.pointee.n_output) {
      read.insert(output.pointee.name.text ?? "")
    }
    for input in MessageList(graph.pointee.input, graph.pointee.n_input) { own.insert(input.pointee.name.text ?? "") }
    for tensor in MessageList(graph.pointee.initializer, graph.pointee.n_initializer) {
      own.insert(tensor.pointee.name.text ?? "")
    }
    for sparse in MessageList(graph.pointee.sparse_initializer, graph.pointee.n_sparse_initializer) {
      if let values = sparse.pointee.values { own.insert(values.pointee.name.text ?? "") }
    }
    own.insert("")
    return read.subtracting(own)
  }
}

extension UnsafeMutablePointer<Lathe__Onnx__NodeProto> {
  /// How a diagnostic names the node: its name, or its operator and first output.
  var described: String {
    let op = pointee.op_type.repairedText
    let name = pointee.name.repairedText
    if !name.isEmpty { return "\(name) (\(op))" }
    for index in 0..<pointee.n_output {
      if let output = pointee.output?[index].repairedText, !output.isEmpty { return "\(op) → \(output)" }
    }
    return op
  }
}
