import LatheIR
import LatheOperators
import LatheTensors

/// A value that is another times a positive constant for each channel.
struct ChannelScaling {
  let source: ValueID
  let factors: [Float]

  /// nil for any other value.
  init?(of value: ValueID, _ graph: Graph) {
    guard let node = graph.producer(of: value), node.op is Mul, let left = node.inputs[0], let right = node.inputs[1] else { return nil }
    let sides = graph.constant(right) == nil ? (source: right, factors: left) : (source: left, factors: right)
    guard let constant = graph.constant(sides.factors), constant.dtype == .float32, let width = constant.shape.last,
      constant.elementCount == width, width > 1, graph[sides.source].constant == nil,
      let shape = graph[sides.source].type?.tensor?.shape, shape.count >= constant.rank, shape.last?.known == width,
      let values = constant.elements(as: Float.self), values.allSatisfy({ $0.isNormal && $0 > 0 })
    else { return nil }
    (source, factors) = (sides.source, values)
  }
}
