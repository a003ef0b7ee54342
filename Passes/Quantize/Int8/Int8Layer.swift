import LatheIR
import LatheOperators
import LatheTensors

/// A node whose products with weights can be INT8.
struct Int8Layer {
  private enum Kind { case linear, convolution, recurrent, other }

  private let node: Node
  private let kind: Kind

  /// nil for a node that has no weights to multiply with.
  init?(_ node: Node, _ graph: Graph) {
    switch node.op {
    case is Linear: kind = .linear
    case is Convolution, is Conv: kind = .convolution
    case is PackedLSTM, is PackedGRU: kind = .recurrent
    case is LSTM, is GRU, is RNN, is ConvTranspose: kind = .other
    case is MatMul where graph.constant(node.inputs[1]) != nil, is Gemm where graph.constant(node.inputs[1]) != nil: kind = .other
    default: return nil
    }
    self.node = node
  }

  /// Why it stays in float, or nil if it can be INT8.
  func refusal(_ graph: Graph, isStatic: Bool) -> String? {
    switch kind {
    case .linear: refusal(of: [1], graph) { $0[0] }
    case .convolution: convolutionRefusal(graph, isStatic: isStatic)
    case .recurrent: refusal(of: [1, 2], graph) { $0[2] } ?? biasRefusal(3, graph)
    case .other: "there is no INT8 operator for \(node.op.name): the recipe fuse may make one that has"
    }
  }

  private func convolutionRefusal(_ graph: Graph, isStatic: Bool) -> String? {
    guard isStatic else { return "a convolution has one scale, and dynamic ones are of rows" }
    guard let rank = graph.constant(node.inputs[1])?.rank, rank == 3 || rank == 4 else { return "it has more than two spatial axes" }
    return refusal(of: [1], graph) { $0[1...].reduce(1, *) }
  }

  private func biasRefusal(_ position: Int, _ graph: Graph) -> String? {
    guard node.inputs.count > position, let bias = node.inputs[position] else { return nil }
    return graph.constant(bias) == nil ? "its bias is not constant" : nil
  }

  private func refusal(of positions: [Int], _ graph: Graph, _ depth: ([Int]) -> Int) -> String? {
    guard let x = node.inputs[0], graph[x].constant == nil else { return "its operand is constant" }
    for position in positions {
      guard let weights = graph.constant(node.inputs[position]), weights.dtype == .float32 else { return "its weights are not constant floats" }
      guard !weights.shape.contains(0) else { return "it has no weights" }
      guard depth(weights.shape) <= 131_071 else { return "sums of \(depth(weights.shape)) products do not fit 32 bits" }
      guard weights.withElements(as: Float.self, { $0.allSatisfy(\.isFinite) }) else { return "its weights are not all finite" }
    }
    return nil
  }
}
