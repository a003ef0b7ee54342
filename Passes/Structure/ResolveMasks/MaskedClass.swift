import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// What is zero along one class of a graph, and so may go.
struct MaskedClass {
  /// Indices that stay although some weights are zeros there.
  struct Remainder {
    var count: Int
    /// Those weights; empty where what is zero is no weight alone.
    var weights: [ValueID]
    let reason: String
  }

  let axisClass: AxisClass
  /// Floats of two axes or more that have slices of the class, in the order of the graph.
  let weights: [ValueID]
  /// Indices that go without changing a result, ascending.
  private(set) var gone: [Int] = []
  private(set) var remainders: [Remainder] = []

  /// - Parameter refusal: why weights are left alone.
  init?(
    _ axisClass: AxisClass, _ graph: Graph, _ classes: AxisClasses, _ zeros: ZeroAnalysis, byNNCFRule: Bool,
    refusal: ([ValueID]) -> String?
  ) {
    self.axisClass = axisClass
    var seen: Set<ValueID> = []
    weights = axisClass.slices.map(\.value).filter { value in
      guard let tensor = graph.constant(value), tensor.dtype.isFloat, tensor.rank > 1 else { return false }
      return seen.insert(value).inserted
    }
    guard let extent = axisClass.extent.known, extent > 1, !weights.isEmpty else { return nil }
    var view = ZeroSlices(axisClass, classes, zeros)
    let zeroIn = weights.map { ($0, view.indices(in: $0)) }
    let sums = ZeroSums(axisClass, graph, &view)
    let obstacle = obstacle(graph) ?? (sums.isEmpty ? "it is summed over nowhere" : nil)
    if let reason = obstacle ?? refusal(weights) {
      let count = (0..<extent).count { index in
        let mayGo = !sums.isEmpty && sums.reason(against: index) == nil
        return mayGo || obstacle != nil && (sums.hasSilentState(index) || zeroIn.contains { $0.1[index] })
      }
      if count > 0 { remainders = [Remainder(count: count, weights: [], reason: reason)] }
      return
    }
    let all = byNNCFRule ? members(graph).map { view.indices(in: $0) } : []
    for index in 0..<extent {
      let masked = zeroIn.filter { $0.1[index] }.map(\.0)
      if let reason = sums.reason(against: index) {
        if !masked.isEmpty || sums.hasSilentState(index) { add(masked, reason) }
      } else if byNNCFRule, let reason = nncfReason(index, all) {
        add(masked, reason)
      } else {
        gone.append(index)
      }
    }
  }

  /// Keeps the first of indices that all are to go, since an axis needs one; whether it had to.
  mutating func keepOne() -> Bool {
    guard gone.count == axisClass.extent.known else { return false }
    gone.removeFirst()
    return true
  }

  /// The indices that stay.
  var kept: [Int] {
    let leaving = Set(gone)
    return (0..<(axisClass.extent.known ?? 0)).filter { !leaving.contains($0) }
  }

  private func obstacle(_ graph: Graph) -> String? {
    guard let reason = graph.reasons(against: axisClass).first else {
      return axisClass.uses.first { use in
        if case .lookedUp = use { true } else { false }
      }.map(graph.describe)
    }
    let isCounted = axisClass.obstacles.allSatisfy { use in
      if case .fresh(let node) = use { graph[node].op is ShapeOperator } else { false }
    }
    return isCounted ? "\(reason); simplify/fold-shapes before this pass may take that away" : reason
  }

  /// The constants that NNCF's rule looks at: all floats of the class but the statistics of normalizations.
  private func members(_ graph: Graph) -> [ValueID] {
    var seen: Set<ValueID> = []
    return axisClass.slices.map(\.value).filter { value in
      guard let tensor = graph.constant(value), tensor.dtype.isFloat, seen.insert(value).inserted else { return false }
      return !graph[value].users.contains {
        graph[$0].op is BatchNormalization && graph[$0].inputs.dropFirst(3).contains(value)
      }
    }
  }

  /// Why an index stays by NNCF's rule: it counts heads and neurons, and they go only if every weight and bias of theirs is zero.
  private func nncfReason(_ index: Int, _ members: [[Bool]]) -> String? {
    let isInner = axisClass.slices.contains { weights.contains($0.value) && !$0.repeats.isEmpty }
    if isInner { return "by NNCF's rule, heads and neurons go, and not what is inside of them" }
    guard !members.allSatisfy({ $0[index] }) else { return nil }
    return "by NNCF's rule, all weights and biases would have to be zero, though the result would be the same"
  }

  private mutating func add(_ masked: [ValueID], _ reason: String) {
    if let same = remainders.firstIndex(where: { $0.weights == masked && $0.reason == reason }) {
      remainders[same].count += 1
    } else {
      remainders.append(Remainder(count: 1, weights: masked, reason: reason))
    }
  }
}
