import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// Attention in a graph, found by following data from a Softmax: back to queries, keys and masks, and on to values and heads.
///
/// Scales may stand on the products, on queries or on keys, by Mul or Div; masks may be added or chosen by Where, several times; transposes may be
/// split or merged. What is followed is what the numbers mean, so the forms of different exporters need no patterns of their own.
struct AttentionFinder {
  /// Where the search stopped, and how many of its stages it passed.
  struct Obstacle: Error {
    var stage: Int
    var reason: String
    /// Whether the Softmax is plainly none of attention's.
    var isUnrelated = false
  }

  /// A mask on the products: added, or choosing.
  enum Mask {
    case added(ValueID)
    /// Where the Boolean equals `keeps`, the product stays; elsewhere it becomes the number.
    case chosen(ValueID, keeps: Bool, otherwise: Double)
  }

  /// Attention that was found.
  struct Finding {
    var softmax: NodeID
    /// [batch, sequence, heads · size] each.
    var query: ValueID
    var key: ValueID
    var value: ValueID
    var heads: Int
    var scale: Double
    /// Innermost first.
    var masks: [Mask]
    var zeroesMaskedRows: Bool
    /// What the heads' results are joined to: [batch, queries, heads · width], or [batch, queries, heads, width] where `isSplit`.
    var output: NodeID
    var isSplit: Bool
    /// Nodes that the fused one replaces.
    var nodes: [NodeID]
  }

  let graph: Graph

  /// Follows the data around one Softmax, or around ONNX's own Attention on heads that are split outside of it.
  ///
  /// - Throws: where the search stopped.
  func find(at id: NodeID) throws(Obstacle) -> Finding {
    if let op = graph[id].op as? LatheOperators.Attention { return try find(around: op, id) }
    return try find(behindSoftmax: id)
  }

  private func find(around op: LatheOperators.Attention, _ id: NodeID) throws(Obstacle) -> Finding {
    let isPlain =
      !op.isCausal && op.softcap == 0 && op.leftWindow == nil && op.rightWindow == nil && op.softmaxType == nil
      && graph[id].inputs.count <= 4 && graph[id].outputs.count == 1
    guard isPlain, let q = graph.input(0, of: id), let k = graph.input(1, of: id), let v = graph.input(2, of: id),
      let output = graph.result(id), let depth = graph.shape(q)?.last?.known
    else { throw Obstacle(stage: 1, reason: "its cache, window, cap or further results are not FusedAttention's") }
    let query = try operand(q, permutation: [0, 2, 1, 3], role: "queries", stage: 4)
    let key = try operand(k, permutation: [0, 2, 1, 3], role: "keys", stage: 4)
    let value = try operand(v, permutation: [0, 2, 1, 3], role: "values", stage: 5)
    guard query.heads == key.heads, key.heads == value.heads, value.scale == 1 else {
      throw Obstacle(stage: 5, reason: "heads of queries, keys and values differ, or values are scaled")
    }
    let joined = try joined(output)
    var masks: [Mask] = []
    if let mask = graph.input(3, of: id) {
      let isChoice = graph[mask].type?.tensor?.dtype == .bool
      masks = [isChoice ? .chosen(mask, keeps: true, otherwise: -.infinity) : .added(mask)]
    }
    let scale = op.scale.map(Double.init) ?? 1 / Double(depth).squareRoot()
    return Finding(
      softmax: id, query: query.projection, key: key.projection, value: value.projection, heads: query.heads,
      scale: scale * query.scale * key.scale, masks: masks, zeroesMaskedRows: true, output: joined.node,
      isSplit: joined.isSplit, nodes: [joined.node] + joined.inner + [id])
  }

  private func find(behindSoftmax softmax: NodeID) throws(Obstacle) -> Finding {
    guard let input = graph.input(0, of: softmax), let output = graph.result(softmax), let op = graph[softmax].op as? Softmax
    else { throw Obstacle(stage: 0, reason: "it is no Softmax", isUnrelated: true) }
    guard let scores = graph.shape(input), scores.count == 4 else {
      throw Obstacle(stage: 0, reason: "the scores %\(graph[input].name) do not have 4 known axes", isUnrelated: true)
    }
    guard op.axis == -1 || op.axis == 3 else {
      throw Obstacle(stage: 0, reason: "it is not over the last axis", isUnrelated: true)
    }
    var nodes: [NodeID] = []
    let products = try products(behind: input, &nodes)
    let (share, zeroes) = try guarded(output, &nodes)
    guard let mix = graph.onlyUser(of: share), graph[mix].op is MatMul, graph.input(0, of: mix) == share,
      let values = graph.input(1, of: mix)
    else { throw Obstacle(stage: 3, reason: "%\(graph[share].name) is not multiplied with values, and nothing else") }
    let key = try operand(products.key, permutation: [0, 2, 3, 1], role: "keys", stage: 4)
    let query = try operand(products.query, permutation: [0, 2, 1, 3], role: "queries", stage: 4)
    let value = try operand(values, permutation: [0, 2, 1, 3], role: "values", stage: 5)
    guard value.scale == 1 else { throw Obstacle(stage: 5, reason: "the values are scaled") }
    guard query.heads == key.heads, key.heads == value.heads else {
      throw Obstacle(stage: 5, reason: "there are \(query.heads) heads of queries, but \(key.heads) of keys")
    }
    guard let product = graph.result(mix) else { throw Obstacle(stage: 6, reason: "the values are not read") }
    let joined = try joined(product)
    nodes += [joined.node] + joined.inner + [mix, softmax]
    return Finding(
      softmax: softmax, query: query.projection, key: key.projection, value: value.projection, heads: query.heads,
      scale: products.scale * query.scale * key.scale, masks: products.masks.reversed(), zeroesMaskedRows: zeroes,
      output: joined.node, isSplit: joined.isSplit, nodes: nodes)
  }

  // MARK: Back from the Softmax

  private struct Products {
    var query: ValueID
    var key: ValueID
    var scale = 1.0
    /// Outermost first.
    var masks: [Mask] = []
  }

  /// Peels masks, then scales, off the scores down to the product of queries and keys.
  private func products(behind scores: ValueID, _ nodes: inout [NodeID]) throws(Obstacle) -> Products {
    var (value, masks, scale) = (scores, [Mask](), 1.0)
    while let id = graph.source(value) {
      guard graph.onlyUser(of: value) != nil else {
        throw Obstacle(stage: 1, reason: "the scores %\(graph[value].name) are read elsewhere as well")
      }
      if graph[id].op is MatMul, let query = graph.input(0, of: id), let key = graph.input(1, of: id) {
        nodes.append(id)
        return Products(query: query, key: key, scale: scale, masks: masks)
      }
      if let (inner, factor) = scaling(id) {
        (value, scale) = (inner, scale * factor)
      } else if scale == 1, let (inner, mask) = masking(id) {
        (value, masks) = (inner, masks + [mask])
      } else {
        let note = scale == 1 ? "" : " below a scale"
        throw Obstacle(stage: 1, reason: "\(graph.describe(id)) stands\(note) between the Softmax and a product of queries and keys")
      }
      nodes.append(id)
    }
    throw Obstacle(stage: 1, reason: "the scores come from %\(graph[value].name), not from a product of queries and keys")
  }

  /// What the node multiplies by one number, and the number; a term of 0 counts as a factor of 1.
  private func scaling(_ id: NodeID) -> (ValueID, Double)? {
    guard let a = graph.input(0, of: id), let b = graph.input(1, of: id) else { return nil }
    switch graph[id].op {
    case is Mul:
      if let number = graph.number(b) { return (a, number) }
      if let number = graph.number(a) { return (b, number) }
      return nil
    case is Div:
      guard let number = graph.number(b), number != 0 else { return nil }
      return (a, 1 / number)
    case is Add:
      // Paddle writes x · factor + 0.
      return graph.number(b) == 0 ? (a, 1) : graph.number(a) == 0 ? (b, 1) : nil
    default: return nil
    }
  }

  /// What the node masks, and how.
  private func masking(_ id: NodeID) -> (ValueID, Mask)? {
    switch graph[id].op {
    case is Add:
      guard let a = graph.input(0, of: id), let b = graph.input(1, of: id) else { return nil }
      if leadsToProduct(a) { return (a, .added(b)) }
      return leadsToProduct(b) ? (b, .added(a)) : nil
    case is Where:
      guard let condition = graph.input(0, of: id), let yes = graph.input(1, of: id), let no = graph.input(2, of: id)
      else { return nil }
      if let number = graph.number(no) { return (yes, .chosen(condition, keeps: true, otherwise: number)) }
      if let number = graph.number(yes) { return (no, .chosen(condition, keeps: false, otherwise: number)) }
      return nil
    default: return nil
    }
  }

  /// Whether the value comes from a product of two computed tensors by way of scales and masks only.
  private func leadsToProduct(_ value: ValueID) -> Bool {
    var (value, steps) = (value, 0)
    while steps < 8, let id = graph.source(value) {
      steps += 1
      if graph[id].op is MatMul {
        return graph.shape(value)?.count == 4 && graph[id].inputs.allSatisfy { graph.constant($0) == nil }
      }
      guard let inner = scaling(id)?.0 ?? masking(id)?.0 else { return false }
      value = inner
    }
    return false
  }

  // MARK: Heads

  private struct Heads {
    var projection: ValueID
    var heads: Int
    var scale: Double
  }

  /// Follows an operand back to a projection whose columns were split into heads and moved by the given permutation.
  private func operand(_ start: ValueID, permutation: [Int], role: String, stage: Int) throws(Obstacle) -> Heads {
    var (value, scale, order) = (start, 1.0, [0, 1, 2, 3])
    while let id = graph.source(value) {
      if let (inner, factor) = scaling(id) {
        (value, scale) = (inner, scale * factor)
        continue
      }
      if let transpose = graph[id].op as? Transpose, let inner = graph.input(0, of: id) {
        let own = transpose.permutation ?? [3, 2, 1, 0]
        guard own.count == 4 else { break }
        (value, order) = (inner, order.map { own[$0] })
        continue
      }
      if let inner = swapped(id) {
        (value, order) = (inner, order.map { [0, 1, 3, 2][$0] })
        continue
      }
      guard graph[id].op is Reshape, let projection = graph.input(0, of: id) else { break }
      guard order == permutation else {
        throw Obstacle(stage: stage, reason: "the axes of the \(role) are moved by \(order) instead of \(permutation)")
      }
      return Heads(projection: projection, heads: try heads(id, projection, role, stage), scale: scale)
    }
    throw Obstacle(stage: stage, reason: "the \(role) %\(graph[value].name) are not split into heads by a Reshape")
  }

  /// What a Reshape to 3 axes, a Transpose of the last two and a Reshape back to 4 swap the last two axes of.
  private func swapped(_ id: NodeID) -> ValueID? {
    guard graph[id].op is Reshape, let transpose = graph.source(graph.input(0, of: id)),
      (graph[transpose].op as? Transpose)?.permutation == [0, 2, 1], let merge = graph.source(graph.input(0, of: transpose)),
      graph[merge].op is Reshape, let inner = graph.input(0, of: merge), let before = graph.shape(inner), before.count == 4,
      let after = graph.shape(graph.result(id)), after.isProvablyEqual(to: [before[0], before[1], before[3], before[2]]),
      graph.shape(graph.result(merge))?.suffix(2) == before.suffix(2)
    else { return nil }
    return inner
  }

  /// The number of heads that a Reshape splits the last axis into.
  private func heads(_ id: NodeID, _ projection: ValueID, _ role: String, _ stage: Int) throws(Obstacle) -> Int {
    let output = graph.result(id)
    guard let before = graph.shape(projection), before.count == 3, let after = graph.shape(output), after.count == 4 else {
      throw Obstacle(stage: stage, reason: "the \(role) are not split from 3 axes into 4 known ones by \(graph.describe(id))")
    }
    guard let heads = after[2].known, let size = after[3].known, let columns = before[2].known, heads * size == columns,
      before[0].isProvablyEqual(to: after[0]), before[1].isProvablyEqual(to: after[1])
    else { throw Obstacle(stage: stage, reason: "the \(role) go from \(before) to \(after), which splits no columns into heads") }
    return heads
  }

  // MARK: On from the Softmax

  /// What stands for the shares after a guard that turns NaN into 0, if there is one.
  private func guarded(_ shares: ValueID, _ nodes: inout [NodeID]) throws(Obstacle) -> (ValueID, Bool) {
    let users = Set(graph[shares].users)
    guard users.count == 2, !graph.isOutput(shares),
      let choice = users.first(where: { graph[$0].op is Where }), let output = graph.result(choice),
      let test = users.first(where: { graph[$0].op is IsNaN }), graph.input(0, of: choice) == graph.result(test),
      graph.number(graph.input(1, of: choice)) == 0, graph.input(2, of: choice) == shares,
      graph.result(test).flatMap(graph.onlyUser) == choice
    else { return (shares, false) }
    nodes += [choice, test]
    return (output, true)
  }

  /// The Transpose and Reshape behind the product with the values.
  private func joined(_ product: ValueID) throws(Obstacle) -> (node: NodeID, isSplit: Bool, inner: [NodeID]) {
    guard let transpose = graph.onlyUser(of: product),
      (graph[transpose].op as? Transpose)?.permutation == [0, 2, 1, 3], let split = graph.result(transpose)
    else { throw Obstacle(stage: 6, reason: "the heads' results are not brought together by a Transpose of [0, 2, 1, 3]") }
    guard let reshape = graph.onlyUser(of: split), graph[reshape].op is Reshape, graph.input(0, of: reshape) == split,
      let before = graph.shape(split), let after = graph.shape(graph.result(reshape)), after.count == 3,
      let heads = before[2].known, let width = before[3].known, after[2] == .known(heads * width),
      before[0].isProvablyEqual(to: after[0]), before[1].isProvablyEqual(to: after[1])
    else { return (transpose, true, []) }
    return (reshape, false, [transpose])
  }
}
