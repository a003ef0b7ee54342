import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Decides how many indices each structure keeps.
public struct WidthSelection {
  /// How the width is shared out.
  public enum Distribution: String, Sendable, Codable, CaseIterable {
    /// Every structure keeps the same share.
    case uniform
    /// What costs most and is missed least goes, wherever it is.
    case global
  }

  /// What `global` counts.
  public enum Budget: String, Sendable, Codable, CaseIterable {
    case parameters
    /// Products with weights, for one row or one place of an image; products of two activations are not counted.
    case multiplyAdds = "multiply-adds"
    /// Time of the whole graph on the samples.
    case latency
  }

  let graph: Graph
  let classes: AxisClasses
  let structures: [Structure]
  let judged: [StructureRanker.Judged]
  /// What outputs are compared by: of likeness.
  let metric: Drift.Metric
  let context: PassContext

  /// How many indices go, for each structure.
  func counts(_ distribution: Distribution, _ width: Double, _ budget: Budget) throws(Diagnostic) -> [Int] {
    guard distribution == .global else { return structures.map { $0.loss(at: width) } }
    let order = globalOrder(budget, try sensitivities(at: width))
    if budget == .latency { return try fastEnough(order, width) }
    let costs = structures.map { cost($0, budget) }
    let total = zip(structures, costs).reduce(0.0) { $0 + Double($1.0.extent) * $1.1 }
    var removed = Array(repeating: 0, count: structures.count)
    var left = total
    for step in order {
      guard left > width * total else { break }
      removed[step] += 1
      left -= costs[step]
    }
    return removed
  }

  /// Structures in the order in which they lose their next index: by the least loss for what is saved.
  ///
  /// Within a structure the order is the ranking's, so a step counts as no cheaper than those before it.
  private func globalOrder(_ budget: Budget, _ sensitivities: [Double]) -> [Int] {
    var steps: [(structure: Int, price: Double, place: Int)] = []
    for (number, structure) in structures.enumerated() {
      let cost = max(1, cost(structure, budget == .latency ? .multiplyAdds : budget))
      var price = 0.0
      for (place, step) in judged[number].ranking.steps.enumerated() {
        price = max(price, sensitivities[number] * step.loss / cost)
        steps.append((number, price, place))
      }
    }
    return steps.sorted { ($0.price, $0.structure, $0.place) < ($1.price, $1.structure, $1.place) }.map(\.structure)
  }

  /// What the outputs lose for a loss of each structure's own, as a trial of each alone at the usual width tells; all alike without samples.
  private func sensitivities(at width: Double) throws(Diagnostic) -> [Double] {
    guard let compare = context.compareBriefly else { return structures.map { _ in 1 } }
    var result: [Double] = []
    for (structure, judged) in zip(structures, judged) {
      let ranking = judged.ranking
      let count = structure.loss(at: width)
      let own = ranking.loss(of: count)
      guard count > 0, own > 0 else {
        result.append(1)
        continue
      }
      var trial = graph
      for product in judged.trials { try product.site.add(product.change, to: &trial) }
      if judged.trials.isEmpty { trial = try graph.silencing(ranking.steps.prefix(count).map(\.index), of: structure) }
      // Rounding alone makes likeness a little less than 1.
      result.append(max(1 - (try compare(graph, trial))[metric], 1e-9) / own)
    }
    return result
  }

  /// The fewest steps after which the graph takes no more than its share of the time, by bisection.
  private func fastEnough(_ order: [Int], _ width: Double) throws(Diagnostic) -> [Int] {
    guard let latency = context.latency else {
      throw context.usage("structure/samples", "latency is measured on samples", fix: "add --samples FILE, or choose another budget")
    }
    let wanted = width * (try latency(graph))
    func counts(_ steps: Int) -> [Int] {
      var removed = Array(repeating: 0, count: structures.count)
      for step in order.prefix(steps) { removed[step] += 1 }
      return removed
    }
    var (slow, fast) = (0, order.count)
    while fast - slow > max(1, order.count / 64) {
      let middle = (slow + fast) / 2
      var candidate = graph
      let cuts = zip(zip(structures, judged), counts(middle)).filter { $0.1 > 0 }.map { own, count in
        AxisCut(own.0.axisClass.id, keeping: own.1.ranking.kept(after: count, of: own.0.extent), allowing: own.0.allowed)
      }
      try candidate.cut(cuts, of: classes)
      if try latency(candidate) <= wanted { fast = middle } else { slow = middle }
    }
    guard fast < order.count else {
      throw context.usage(
        "structure/latency", "no width makes the graph take \(width) of its time: these structures are not what it is spent on",
        fix: "raise the width, or prune more with what")
    }
    return counts(fast)
  }

  /// What an index costs.
  private func cost(_ structure: Structure, _ budget: Budget) -> Double {
    guard budget != .parameters else { return Double(structure.parameters(in: graph)) }
    var sum = 0.0
    for slice in structure.weights {
      guard let tensor = graph.constant(slice.value), tensor.rank > 1, tensor.shape[slice.axis] > 0 else { continue }
      let own = tensor.elementCount / tensor.shape[slice.axis] * (slice.places(of: 0)?.count ?? 1)
      sum += Double(own) * graph[slice.value].users.reduce(0.0) { $0 + places(of: $1) }
    }
    return sum
  }

  /// Places of an image that a convolution computes for one row of a batch; 1 for any other product, and where they are not known.
  private func places(of node: NodeID) -> Double {
    guard graph[node].op is Conv || graph[node].op is Convolution, let shape = graph.shape(graph.result(node)) else { return 1 }
    return shape.dropFirst(2).reduce(1) { $0 * Double($1.known ?? 1) }
  }
}
