import LatheDiagnostics
import LatheIR
import LatheLinearAlgebra
import LatheOperators
import LatheTensors

/// A product with constant weights as least squares see it: target = features · weights + bias + what does not depend on them.
struct LinearSite {
  /// How the weights lie.
  enum Form {
    /// [features, targets].
    case matrix
    /// [targets, features].
    case transposed
    /// [targets, channels, …], over windows.
    case filters(Conv)
  }

  let node: NodeID
  let weights: ValueID
  /// A constant that is added for each target, and to nothing else.
  let bias: ValueID?
  let form: Form
  /// The sum, bias included.
  private let sum: ValueID
  /// Whether the node does more than to sum.
  private let isFused: Bool

  /// - Returns: nil for a node that is none, and for weights that others read as well.
  init?(_ node: NodeID, in graph: Graph) {
    guard let (weights, isTurned) = graph.weights(1, of: node), let tensor = graph.constant(weights), tensor.dtype == .float32,
      graph[weights].users.count == 1, let x = graph.input(0, of: node), graph.constant(x) == nil,
      graph[x].type?.tensor?.dtype == .float32, let result = graph.result(node)
    else { return nil }
    (self.node, self.weights) = (node, weights)
    let outputs: Int
    switch graph[node].op {
    case is MatMul where tensor.rank == 2:
      (form, isFused, outputs) = (isTurned ? .transposed : .matrix, false, tensor.shape[isTurned ? 0 : 1])
      (bias, sum) = Self.addedBias(to: result, outputs, graph)
      return
    case let gemm as Gemm where gemm.alpha == 1 && gemm.beta == 1 && !gemm.transposesA && tensor.rank == 2:
      (form, isFused) = (gemm.transposesB != isTurned ? .transposed : .matrix, false)
      outputs = tensor.shape[gemm.transposesB != isTurned ? 0 : 1]
    case let linear as Linear where !isTurned:
      (form, isFused, outputs) = (.matrix, linear.activation != .none, tensor.shape[1])
    case let conv as Conv where !isTurned && conv.groups == 1:
      (form, isFused, outputs) = (.filters(conv), false, tensor.shape[0])
    case let layer as Convolution where !isTurned && layer.convolution.groups == 1:
      (form, isFused, outputs) = (.filters(layer.convolution), true, tensor.shape[0])
    default: return nil
    }
    bias = graph.input(2, of: node).flatMap { Self.isBias($0, outputs, graph) ? $0 : nil }
    sum = result
  }

  private static func isBias(_ value: ValueID, _ count: Int, _ graph: Graph) -> Bool {
    guard let tensor = graph.constant(value), tensor.dtype == .float32 else { return false }
    return tensor.elementCount == count && tensor.shape.last == count && graph[value].users.count == 1
  }

  /// The constant that the only reader of a product adds, and the sum.
  private static func addedBias(to product: ValueID, _ count: Int, _ graph: Graph) -> (bias: ValueID?, sum: ValueID) {
    guard let user = graph.onlyUser(of: product), graph[user].op is Add, let result = graph.result(user),
      let other = graph[user].inputs.compactMap({ $0 }).first(where: { $0 != product }), isBias(other, count, graph)
    else { return (nil, product) }
    return (other, result)
  }

  /// The operand that windows or rows of are multiplied with the weights.
  func operand(in graph: Graph) -> ValueID? { graph.input(0, of: node) }

  /// Features of a place of the weights' axis that is summed over.
  func columns(of place: Int, in graph: Graph) -> [Int] {
    guard case .filters = form, let shape = graph.constant(weights)?.shape else { return [place] }
    let window = shape.dropFirst(2).reduce(1, *)
    return Array(place * window..<(place + 1) * window)
  }

  /// The features that each index of a structure stands for.
  func groups(of structure: Structure, in graph: Graph) -> [[Int]] {
    let slices = structure.weights.filter { $0.value == weights && $0.axis != targetAxis }
    return (0..<structure.extent).map { index in
      slices.flatMap { $0.places(of: index) ?? [] }.flatMap { columns(of: $0, in: graph) }
    }
  }

  /// The axis of the weights that the targets lie on.
  var targetAxis: Int { if case .matrix = form { 1 } else { 0 } }

  /// The weights, [targets, features].
  func matrix(in graph: Graph) -> [Double] {
    guard let tensor = graph.constant(weights), let elements = tensor.doubles() else { return [] }
    guard case .matrix = form else { return elements }
    let (rows, columns) = (tensor.shape[0], tensor.shape[1])
    return (0..<columns).flatMap { column in (0..<rows).map { elements[$0 * columns + column] } }
  }

  /// Changes the weights and the bias by as much.
  func add(_ solution: NormalEquations.Solution, to graph: inout Graph) throws(Diagnostic) {
    guard let tensor = graph.constant(weights), var elements = tensor.elements(as: Float.self) else { return }
    let change = solution.weights
    if case .matrix = form {
      let (rows, columns) = (tensor.shape[0], tensor.shape[1])
      for row in 0..<rows {
        for column in 0..<columns { elements[row * columns + column] += Float(change[column * rows + row]) }
      }
    } else {
      for index in elements.indices { elements[index] += Float(change[index]) }
    }
    graph.setConstant(try Tensor(elements, shape: tensor.shape), of: weights)
    guard let bias, let old = graph.constant(bias), var numbers = old.elements(as: Float.self) else { return }
    for (index, value) in solution.intercept.enumerated() { numbers[index] += Float(value) }
    graph.setConstant(try Tensor(numbers, shape: old.shape), of: bias)
  }
}

extension LinearSite {
  private static let provenance = Provenance.pass("structure/recovery", from: [])

  /// Makes a graph compute the features, [… , features].
  func addFeatures(to graph: inout Graph) throws(Diagnostic) -> ValueID? {
    guard let x = operand(in: graph) else { return nil }
    guard case .filters(let conv) = form, let shape = graph.constant(weights)?.shape else { return x }
    // Filters that each copy one place of the window, in the order of the weights' own elements.
    let count = shape.dropFirst().reduce(1, *)
    var picks = [Float](repeating: 0, count: count * count)
    for index in 0..<count { picks[index * count + index] = 1 }
    let filters = try graph.addConstant(graph.uniqueName("windows"), try Tensor(picks, shape: [count] + shape.dropFirst()))
    return try channelsLast(try graph.addInferred(conv, [x, filters], outputCount: 1, provenance: Self.provenance)[0], &graph)
  }

  /// The sum with a residual, which a normalization will divide by how much it varies; nil where none is added.
  func residualSum(in graph: Graph) -> ValueID? {
    if isFused { return nil }
    let last = followed(from: sum, graph)
    if last != sum { return last }
    return graph[node].op is Linear && graph.input(3, of: node) != nil ? sum : nil
  }

  /// What the normalization behind the sum multiplies each target with; nil where there is none.
  func gains(in graph: Graph) -> [Double]? {
    guard let sum = residualSum(in: graph) else { return nil }
    for user in graph[sum].users where graph[user].op is LayerNormalization && graph.input(0, of: user) == sum {
      return graph.input(1, of: user).flatMap { graph.constant($0)?.doubles() }
    }
    return nil
  }

  /// The last of the sums that a value goes into, one after another.
  private func followed(from value: ValueID, _ graph: Graph) -> ValueID {
    guard let user = graph.onlyUser(of: value), graph[user].op is Add, let next = graph.result(user), let own = graph.shape(value),
      graph.shape(next).map({ $0.isProvablyEqual(to: own) }) == true
    else { return value }
    return followed(from: next, graph)
  }

  /// Makes a graph compute what the fit is held to, [… , targets]: the sum before any activation, with what is added to it at once, as a residual.
  func addTarget(to graph: inout Graph) throws(Diagnostic) -> ValueID? {
    var value = sum
    if isFused {
      let inputs = Array(graph[node].inputs.prefix(3))
      let plain: any Operator
      if case .filters(let conv) = form { plain = conv } else { plain = Linear() }
      value = try graph.addInferred(plain, inputs, outputCount: 1, provenance: Self.provenance)[0]
    } else {
      value = followed(from: sum, graph)
    }
    guard case .filters = form else { return value }
    return try channelsLast(value, &graph)
  }

  private func channelsLast(_ value: ValueID, _ graph: inout Graph) throws(Diagnostic) -> ValueID? {
    guard let rank = graph.shape(value)?.count, rank > 2 else { return nil }
    let order = [0] + Array(2..<rank) + [1]
    return try graph.addInferred(
      Transpose(permutation: order), [value], outputCount: 1, provenance: Self.provenance)[0]
  }
}
