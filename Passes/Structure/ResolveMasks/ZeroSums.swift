import LatheIR
import LatheOperators
import LatheTensors

/// The sums over a class, and whether what an index adds to them is zero.
struct ZeroSums {
  private struct Sum {
    let node: String
    /// Whether it is over the states of a recurrent layer.
    let isOfStates: Bool
    /// For each index, whether it adds zero.
    let isZero: [Bool]
    /// A constant among the factors that is not finite.
    var infinite: String?
  }

  private var sums: [Sum] = []

  init(_ axisClass: AxisClass, _ graph: Graph, _ view: inout ZeroSlices) {
    var factors: [(node: NodeID, values: [ValueID])] = []
    for use in axisClass.uses {
      switch use {
      case .contracted(let node, let operand):
        guard operand < graph[node].inputs.count, let value = graph[node].inputs[operand] else { continue }
        // Codes of 0 that have a zero point of their own mean something else.
        if operand == 0, Self.hasZeroPoint(node, graph) { continue }
        if let known = factors.firstIndex(where: { $0.node == node }) {
          factors[known].values.append(value)
        } else {
          factors.append((node, [value]))
        }
      case .recurrent(let node, let operand, _):
        add(recurrence: node, operand, graph, &view)
      default: continue
      }
    }
    for (node, values) in factors {
      let flags = values.map { view.indices(in: $0) }
      let isZero = (flags.first ?? []).indices.map { index in flags.contains { $0[index] } }
      let infinite = isZero.contains(true) ? values.first { !(graph.constant($0)?.isFinite ?? true) } : nil
      sums.append(Sum(node: graph.describe(node), isOfStates: false, isZero: isZero, infinite: infinite.map { graph[$0].name }))
    }
  }

  private static func hasZeroPoint(_ node: NodeID, _ graph: Graph) -> Bool {
    let op = graph[node].op
    return (op is QuantizedLinear || op is QuantizedConvolution) && graph.input(8, of: node) != nil
  }

  /// A state that is summed over in the next step: it is zero itself, or its weights there are.
  private mutating func add(recurrence node: NodeID, _ operand: Int, _ graph: Graph, _ view: inout ZeroSlices) {
    let outputs = graph[node].outputs.compactMap { $0 }
    guard operand < graph[node].inputs.count, let weights = graph[node].inputs[operand], let first = outputs.first else { return }
    var isZero = view.indices(in: first)
    for output in outputs.dropFirst() { isZero = zip(isZero, view.indices(in: output)).map { $0 && $1 } }
    let infinite = isZero.contains(true) && !(graph.constant(weights)?.isFinite ?? false)
    sums.append(Sum(node: graph.describe(node), isOfStates: true, isZero: isZero, infinite: infinite ? graph[weights].name : nil))
  }

  /// Whether an index is the state of a hidden unit that is zero at every step.
  func hasSilentState(_ index: Int) -> Bool { sums.contains { $0.isOfStates && $0.isZero[index] } }

  /// Whether there is no sum at all.
  var isEmpty: Bool { sums.isEmpty }

  /// Why an index may not go, or nil if it may.
  func reason(against index: Int) -> String? {
    for sum in sums {
      guard sum.isZero[index] else {
        return sum.isOfStates
          ? "it is carried from step to step in \(sum.node), and not zero there"
          : "it is summed over in \(sum.node), where nothing that is multiplied is zero"
      }
      if let infinite = sum.infinite { return "@\(infinite), by which a zero is multiplied in \(sum.node), holds what is not finite" }
    }
    return nil
  }
}
