import LatheDiagnostics
import LatheIR
import LatheTensors

/// Decision trees, checked when they are made: every branch leads to a node or a leaf that exists, and no path is endless.
struct DecisionForest: Sendable {
  struct Leaf: Sendable {
    var weight: Double
    var target: Int
  }

  /// What a node asks of its feature; the raw values are ONNX's.
  enum Mode: UInt8, Sendable {
    case lessOrEqual, less, greaterOrEqual, greater, equal, notEqual, member
  }

  enum Branch: Sendable {
    case node(Int)
    case leaf(Int)
  }

  struct Node: Sendable {
    var mode: Mode
    var feature: Int
    var split: Double
    var members: Set<Double>
    var whenTrue: Branch
    var whenFalse: Branch
    var missingIsTrue: Bool
  }

  private(set) var nodes: [Node] = []
  private(set) var leaves: [Leaf] = []
  let roots: [Int]

  /// - Throws: `operator/tree-ensemble` for lists that do not fit each other, and for endless trees.
  init(_ attributes: Attributes) throws(Diagnostic) {
    roots = try Self.list("tree_roots", attributes)
    let targets = try Self.list("leaf_targetids", attributes)
    let weights = try Self.numbers("leaf_weights", attributes)
    guard targets.count == weights.count, targets.allSatisfy({ $0 >= 0 && $0 < Int.max }) else {
      throw Self.broken("leaf_targetids and leaf_weights do not fit each other")
    }
    leaves = zip(weights, targets).map { Leaf(weight: $0, target: $1) }
    try readNodes(attributes)
    try checkPaths()
  }

  var largestFeature: Int { nodes.map(\.feature).max() ?? -1 }

  private mutating func readNodes(_ attributes: Attributes) throws(Diagnostic) {
    let features = try Self.list("nodes_featureids", attributes)
    let modes = try Self.numbers("nodes_modes", attributes)
    let splits = try Self.numbers("nodes_splits", attributes)
    let (trueIDs, trueLeaves) = (
      try Self.list("nodes_truenodeids", attributes), try Self.list("nodes_trueleafs", attributes)
    )
    let (falseIDs, falseLeaves) = (
      try Self.list("nodes_falsenodeids", attributes), try Self.list("nodes_falseleafs", attributes)
    )
    let missing = try attributes.integers("nodes_missing_value_tracks_true")
    let lengths = [modes.count, splits.count, trueIDs.count, trueLeaves.count, falseIDs.count, falseLeaves.count]
    let count = features.count
    guard lengths.allSatisfy({ $0 == count }), missing.map({ $0.count == count }) ?? true else {
      throw Self.broken("the lists nodes_… differ in length")
    }
    var members = try memberSets(attributes)[...]
    for index in 0..<count {
      guard let code = UInt8(exactly: modes[index]), let mode = Mode(rawValue: code), features[index] >= 0 else {
        throw Self.broken("node \(index) has the mode \(modes[index]) and the feature \(features[index])")
      }
      let own = mode == .member ? members.popFirst() : []
      guard let own else { throw Self.broken("membership_values has too few sets") }
      nodes.append(
        Node(
          mode: mode, feature: features[index], split: splits[index], members: own,
          whenTrue: try branch(trueIDs[index], isLeaf: trueLeaves[index] != 0, of: count),
          whenFalse: try branch(falseIDs[index], isLeaf: falseLeaves[index] != 0, of: count),
          missingIsTrue: missing.map { $0[index] != 0 } ?? false))
    }
  }

  private func branch(_ index: Int, isLeaf: Bool, of count: Int) throws(Diagnostic) -> Branch {
    guard index >= 0, index < (isLeaf ? leaves.count : count) else {
      throw Self.broken("a branch leads to the \(isLeaf ? "leaf" : "node") \(index), which does not exist")
    }
    return isLeaf ? .leaf(index) : .node(index)
  }

  /// Sets of the nodes that ask for members, in their order, each ended by NaN.
  private func memberSets(_ attributes: Attributes) throws(Diagnostic) -> [Set<Double>] {
    guard try attributes.tensor("membership_values") != nil else { return [] }
    let values = try Self.numbers("membership_values", attributes)
    return values.split(omittingEmptySubsequences: false) { $0.isNaN }.map { Set($0) }
  }

  /// Colours nodes while it walks, so that a path back to a node on it is found.
  private func checkPaths() throws(Diagnostic) {
    var isDone = [Bool](repeating: false, count: nodes.count)
    var isOpen = isDone
    guard roots.allSatisfy(nodes.indices.contains) else { throw Self.broken("a root is no node") }
    for root in roots where !isDone[root] {
      var path = [(node: root, next: 0)]
      isOpen[root] = true
      while let (node, next) = path.last {
        guard next < 2 else {
          isOpen[node] = false
          isDone[node] = true
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        guard case .node(let child) = next == 0 ? nodes[node].whenTrue : nodes[node].whenFalse else { continue }
        guard !isOpen[child] else { throw Self.broken("node \(child) leads back to itself") }
        guard !isDone[child] else { continue }
        isOpen[child] = true
        path.append((child, 0))
      }
    }
  }

  /// The leaf that a row leads to from a root.
  func leaf(from root: Int, _ feature: (Int) -> Double) -> Leaf {
    var place = root
    while true {
      let node = nodes[place]
      switch node.holds(feature(node.feature)) ? node.whenTrue : node.whenFalse {
      case .leaf(let index): return leaves[index]
      case .node(let index): place = index
      }
    }
  }

  private static func list(_ name: String, _ attributes: Attributes) throws(Diagnostic) -> [Int] {
    try Attributes.required(name, try attributes.integers(name))
  }

  private static func numbers(_ name: String, _ attributes: Attributes) throws(Diagnostic) -> [Double] {
    guard let numbers = try Attributes.required(name, try attributes.tensor(name)).doubles() else {
      throw broken("\(name) holds no numbers")
    }
    return numbers
  }

  private static func broken(_ reason: String) -> Diagnostic {
    .invalid("operator/tree-ensemble", "the trees of TreeEnsemble cannot be used: \(reason)")
  }
}

extension DecisionForest.Node {
  func holds(_ x: Double) -> Bool {
    if x.isNaN { return missingIsTrue || mode == .notEqual }
    switch mode {
    case .lessOrEqual: return x <= split
    case .less: return x < split
    case .greaterOrEqual: return x >= split
    case .greater: return x > split
    case .equal: return x == split
    case .notEqual: return x != split
    case .member: return members.contains(x)
    }
  }
}
