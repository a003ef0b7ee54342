internal import CLathePlugin
import LatheIR
import LatheTensors

/// A graph as the tables of `lathe_plugin.h`; everything stays where it is for as long as this lives.
final class GraphTables {
  private var owned: [UnsafeMutableRawPointer] = []
  private var values: [lathe_value] = []
  private var nodes: [lathe_node] = []
  private let graph: Graph

  init(_ graph: Graph) {
    self.graph = graph
    let order = graph.valueIDsInOrder
    let indices = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, Int64($0)) })
    values = order.map { value($0) }
    nodes = graph.order.map { node($0, indices) }
  }

  deinit { for pointer in owned { pointer.deallocate() } }

  /// Calls `body` with the graph; its pointers are good until it returns.
  func withGraph<R>(_ body: (UnsafePointer<lathe_graph>) -> R) -> R {
    let indices = Dictionary(uniqueKeysWithValues: graph.valueIDsInOrder.enumerated().map { ($1, Int64($0)) })
    let inputs = copy(graph.inputs.map { indices[$0] ?? -1 })
    let outputs = copy(graph.outputs.map { indices[$0] ?? -1 })
    return values.withUnsafeBufferPointer { values in
      nodes.withUnsafeBufferPointer { nodes in
        var view = lathe_graph(
          value_count: values.count, values: values.baseAddress, node_count: nodes.count, nodes: nodes.baseAddress,
          input_count: graph.inputs.count, inputs: inputs, output_count: graph.outputs.count, outputs: outputs)
        return withUnsafePointer(to: &view, body)
      }
    }
  }

  private func value(_ id: ValueID) -> lathe_value {
    let value = graph[id]
    let type = value.type?.tensor
    var entry = lathe_value()
    entry.name = text(value.name)
    entry.type = type.map { text($0.dtype.name) }
    entry.rank = type?.shape.map { Int32($0.count) } ?? -1
    entry.extents = copy((type?.shape ?? []).map { Int64($0.known ?? -1) })
    guard let tensor = value.constant, tensor.dtype != .string else { return entry }
    entry.byte_count = tensor.byteCount
    // The tensor's storage does not move, and the graph holds it.
    entry.data = tensor.withBytes { $0.baseAddress }
    return entry
  }

  private func node(_ id: NodeID, _ indices: [ValueID: Int64]) -> lathe_node {
    let node = graph[id]
    var entry = lathe_node()
    entry.name = text(node.name)
    entry.domain = text(node.op.name.domain)
    entry.op = text(node.op.name.name)
    entry.description = text(graph.describe(id))
    entry.input_count = node.inputs.count
    entry.inputs = copy(node.inputs.map { $0.flatMap { indices[$0] } ?? -1 })
    entry.output_count = node.outputs.count
    entry.outputs = copy(node.outputs.map { $0.flatMap { indices[$0] } ?? -1 })
    return entry
  }

  private func text(_ string: String) -> UnsafePointer<CChar> {
    let bytes = string.utf8CString
    let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    for (index, byte) in bytes.enumerated() { pointer[index] = byte }
    owned.append(UnsafeMutableRawPointer(pointer))
    return UnsafePointer(pointer)
  }

  private func copy(_ numbers: [Int64]) -> UnsafePointer<Int64> {
    let pointer = UnsafeMutablePointer<Int64>.allocate(capacity: max(1, numbers.count))
    for (index, number) in numbers.enumerated() { pointer[index] = number }
    owned.append(UnsafeMutableRawPointer(pointer))
    return UnsafePointer(pointer)
  }
}
