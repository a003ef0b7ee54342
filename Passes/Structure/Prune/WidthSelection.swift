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
  let rankings: [Ranking]
  /// What outputs are compared by: of likeness.
  let metric: Drift.Metric
  let context: PassContext

  /// The indices that stay, for each structure.
  func cuts(_ distribution: Distribution, _ width: Double, _ budget: Budget) throws(Diagnostic) -> [(structure: Structure, kept: [Int])] {
    guard distribution == .global else {
      return cuts(after: structures.map { $0.loss(at: width) })
    }
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
    return cuts(after: removed)
  }

  private func cuts(after counts: [Int]) -> [(structure: Structure, kept: [Int])] {
    structures.indices.map { (structures[$0], rankings[$0].kept(after: counts[$0], of: structures[$0].extent)) }
  }

  /// Structures in the order in which they lose their next index: by the least loss for what is saved.
  ///
  /// Within a structure the order is the ranking's, so a step counts as no cheaper than those before it.
  private func globalOrder(_ budget: Budget, _ sensitivities: [Double]) -> [Int] {
    var steps: [(structure: Int, price: Double, place: Int)] = []
    for (number, structure) in structures.enumerated() {
      let cost = max(1, cost(structure, budget == .latency ? .multiplyAdds : budget))
      var price = 0.0
      for (place, step) in rankings[number].steps.enumerated() {
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
    for (structure, ranking) in zip(structures, rankings) {
      let count = structure.loss(at: width)
      let own = ranking.loss(of: count)
      guard count > 0, own > 0 else {
        result.append(1)
        continue
      }
      var trial = graph
      for fit in ranking.fits { try fit.site.add(fit.weightChange, fit.biasChange, to: &trial) }
      if ranking.fits.isEmpty { trial = try graph.silencing(ranking.steps.prefix(count).map(\.index), of: structure) }
      // Rounding alone makes likeness a little less than 1.
      result.append(max(1 - (try compare(graph, trial))[metric], 1e-9) / own)
    }
    return result
  }

  /// The fewest steps after which the graph takes no more than its share of the time, by bisection.
  private func fastEnough(_ order: [Int], _ width: Double) throws(Diagnostic) -> [(structure: Structure, kept: [Int])] {
    guard let latency = context.latency else {
      throw context.usage("structure/samples", "latency is measured on samples", fix: "add --samples FILE, or choose another budget")
    }
    let wanted = width * (try latency(graph))
    func cuts(_ steps: Int) -> [(structure: Structure, kept: [Int])] {
      var removed = Array(repeating: 0, count: structures.count)
      for step in order.prefix(steps) { removed[step] += 1 }
      return self.cuts(after: removed)
    }
    var (slow, fast) = (0, order.count)
    while fast - slow > max(1, order.count / 64) {
      let middle = (slow + fast) / 2
      var candidate = graph
      let real = cuts(middle).filter { $0.kept.count < $0.structure.extent }
      try candidate.cut(real.map { AxisCut($0.structure.axisClass.id, keeping: $0.kept, allowing: $0.structure.allowed) }, of: classes)
      if try latency(candidate) <= wanted { fast = middle } else { slow = middle }
    }
    guard fast < order.count else {
      throw context.usage(
        "structure/latency", "no width makes the graph take \(width) of its time: these structures are not what it is spent on",
        fix: "raise the width, or prune more with what")
    }
    return cuts(fast)
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
