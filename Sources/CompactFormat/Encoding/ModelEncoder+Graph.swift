internal import CLatheProto
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import LatheTensors
import OrderedCollections

extension ModelEncoder {
  /// The message of one graph; the graphs it holds are queued behind it.
  mutating func encode(_ graph: Graph) throws(Diagnostic) -> UnsafeMutablePointer<Proto.Graph> {
    var references: [ValueID: UInt32] = [:]
    func number(_ id: ValueID) { references[id] = UInt32(clamping: references.count + 1) }
    let constants = graph.constants
    for id in graph.inputs + graph.captures + constants { number(id) }
    for id in graph.order { for output in graph[id].outputs.compactMap({ $0 }) { number(output) } }

    let message = arena.make(lathe__compact__graph__init)
    message.pointee.name = arena.bytes(graph.name)
    message.pointee.annotations = annotations(graph.annotations)
    let inputs = try values(graph.inputs, graph)
    message.pointee.n_inputs = inputs.count
    message.pointee.inputs = arena.list(inputs)
    let captures = try values(graph.captures, graph)
    message.pointee.n_captures = captures.count
    message.pointee.captures = arena.list(captures)
    let encodedConstants = try values(constants, graph)
    message.pointee.n_constants = encodedConstants.count
    message.pointee.constants = arena.list(encodedConstants)
    var nodes: [UnsafeMutablePointer<Proto.Node>] = []
    for id in graph.order {
      do {
        nodes.append(try encode(id, graph, references))
      } catch {
        throw error.located(in: Location(node: graph.describe(id)))
      }
    }
    message.pointee.n_nodes = nodes.count
    message.pointee.nodes = arena.list(nodes)
    message.pointee.n_outputs = graph.outputs.count
    message.pointee.outputs = arena.list(graph.outputs.map { references[$0, default: 0] })
    return message
  }

  private mutating func values(_ ids: [ValueID], _ graph: Graph) throws(Diagnostic) -> [UnsafeMutablePointer<
    Proto.Value
  >] {
    var messages: [UnsafeMutablePointer<Proto.Value>] = []
    for id in ids { messages.append(try encode(graph[id])) }
    return messages
  }

  private mutating func encode(_ value: Value?) throws(Diagnostic) -> UnsafeMutablePointer<Proto.Value> {
    let message = arena.make(lathe__compact__value__init)
    guard let value else {
      message.pointee.absent = 1
      return message
    }
    do {
      message.pointee.name = arena.bytes(value.name)
      message.pointee.type = try types.reference(to: value.type)
      if let tensor = value.constant ?? value.defaultValue {
        message.pointee.tensor = try tensors.reference(to: tensor)
      }
      message.pointee.annotations = annotations(value.annotations)
    } catch {
      throw error.located(in: Location(value: value.name))
    }
    return message
  }

  private mutating func encode(
    _ id: NodeID, _ graph: Graph, _ references: [ValueID: UInt32]
  ) throws(Diagnostic) -> UnsafeMutablePointer<Proto.Node> {
    let node = graph[id]
    let message = arena.make(lathe__compact__node__init)
    message.pointee.domain = arena.bytes(node.op.name.domain)
    message.pointee.op = arena.bytes(node.op.name.name)
    message.pointee.name = arena.bytes(node.name)
    message.pointee.version = Int64(type(of: node.op).schema.sinceVersion)
    if let opaque = node.op as? OpaqueOperator {
      message.pointee.version = Int64(opaque.version)
      message.pointee.opaque = arena.make(lathe__compact__opaque__init)
      message.pointee.opaque.pointee.overload = arena.bytes(opaque.overload)
    }
    message.pointee.n_inputs = node.inputs.count
    message.pointee.inputs = arena.list(node.inputs.map { $0.flatMap { references[$0] } ?? 0 })
    message.pointee.n_captures = node.captures.count
    message.pointee.captures = arena.list(node.captures.map { references[$0, default: 0] })
    var outputs: [UnsafeMutablePointer<Proto.Value>] = []
    for output in node.outputs { outputs.append(try encode(output.map { graph[$0] })) }
    message.pointee.n_outputs = outputs.count
    message.pointee.outputs = arena.list(outputs)
    var attributes: [UnsafeMutablePointer<Proto.Attribute>] = []
    for (name, value) in node.op.attributes.values { attributes.append(try encode(name, value)) }
    message.pointee.n_attributes = attributes.count
    message.pointee.attributes = arena.list(attributes)
    message.pointee.provenance = provenance(node.provenance)
    message.pointee.annotations = annotations(node.annotations)
    return message
  }

  private func provenance(_ provenance: Provenance) -> UnsafeMutablePointer<Proto.Provenance> {
    let message = arena.make(lathe__compact__provenance__init)
    switch provenance {
    case .source(let name):
      message.pointee.kind = LATHE__COMPACT__PROVENANCE__KIND__SOURCE
      message.pointee.name = arena.bytes(name)
    case .pass(let name, let origins):
      message.pointee.kind = LATHE__COMPACT__PROVENANCE__KIND__PASS
      message.pointee.name = arena.bytes(name)
      message.pointee.n_from = origins.count
      message.pointee.from = arena.list(origins.map { arena.bytes($0) })
    }
    return message
  }
}
