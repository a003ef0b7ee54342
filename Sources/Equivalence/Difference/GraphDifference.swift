import LatheIR
import LatheTensors
import OrderedCollections

/// How one graph differs from another, in their own terms: nodes that came, went and stand for others, and constants.
public struct GraphDifference: Sendable {
  /// Nodes of the second graph, and those of the first that they stand for.
  public struct Rewriting: Sendable, Hashable {
    /// The last is the one whose value has a counterpart.
    public var after: [String]
    public var before: [String]
    /// The pass that made the last; nil for a node of the source.
    public var madeBy: String?
    /// Where one node stands for one: what of it changed.
    public var changes: [String]
  }

  /// Lines about inputs and outputs that changed.
  public private(set) var interface: [String] = []
  public private(set) var rewritten: [Rewriting] = []
  /// Nodes that keep their operator and have other attributes or operands.
  public private(set) var changed: [Rewriting] = []
  public private(set) var added: [String] = []
  public private(set) var removed: [String] = []
  /// Constants of both graphs that differ, scales among them.
  public private(set) var constants: [ConstantChange] = []
  /// Constants that only one of the graphs has, with their types; what has the same contents under another name does not count.
  public private(set) var addedConstants: [String] = []
  public private(set) var removedConstants: [String] = []
  /// Extents that were cut or grown: before, after, in how many constants, and of what.
  public private(set) var extents: [(before: Int, after: Int, constants: Int, what: String)] = []
  /// Constants that were stored anew under a name of their own, as in `w` and `w.int8`.
  public private(set) var recoded: [(name: String, before: TensorType, after: TensorType)] = []

  public init(_ before: Graph, _ after: Graph) {
    interface = Self.interface(before, after)
    compareNodes(before, after)
    compareConstants(before, after)
    extents = Self.extents(constants.map { ($0.before, $0.after) }, recoded.map { ($0.before, $0.after) }, changed + rewritten)
  }

  /// Whether the graphs are the same.
  public var isEmpty: Bool {
    interface.isEmpty && rewritten.isEmpty && changed.isEmpty && added.isEmpty && removed.isEmpty && constants.isEmpty
      && addedConstants.isEmpty && removedConstants.isEmpty && recoded.isEmpty
  }

  /// Nodes of the second graph that are others, or read constants that are.
  public var touched: Set<String> { Set(constants.flatMap(\.readers) + (changed + rewritten).flatMap(\.after) + added) }

  private static func interface(_ before: Graph, _ after: Graph) -> [String] {
    var lines: [String] = []
    for (what, old, new) in [("input", before.inputs, after.inputs), ("output", before.outputs, after.outputs)] {
      let (one, other) = (old.map { before[$0] }, new.map { after[$0] })
      for value in one where !other.contains(where: { $0.name == value.name }) { lines.append("the \(what) \(value.name) is gone") }
      for value in other {
        guard let earlier = one.first(where: { $0.name == value.name }) else {
          lines.append("the \(what) \(value.name) is new")
          continue
        }
        let (left, right) = (earlier.type.map { "\($0)" } ?? "of any type", value.type.map { "\($0)" } ?? "of any type")
        if left != right { lines.append("the \(what) \(value.name) was \(left) and is \(right)") }
        if earlier.defaultValue != value.defaultValue { lines.append("the \(what) \(value.name) has another default") }
      }
      if lines.isEmpty, one.map(\.name) != other.map(\.name) { lines.append("the \(what)s are in another order") }
    }
    return lines
  }

  private mutating func compareNodes(_ before: Graph, _ after: Graph) {
    let pairs = GraphPairing(reference: before, candidate: after, includingIndices: true).pairs
    let partners = Dictionary(pairs.map { ($0.candidate, $0.reference) }) { first, _ in first }
    let (old, new) = (Set(pairs.map(\.reference)), Set(pairs.map(\.candidate)))
    var claimed = (before: Set<NodeID>(), after: Set<NodeID>())
    var inserted: Set<NodeID> = []
    for pair in pairs {
      let right = after.region(of: pair.candidate, upTo: new).filter { claimed.after.insert($0).inserted }
      let left = before.region(of: pair.reference, upTo: old).filter { claimed.before.insert($0).inserted }
      guard let last = right.first else { continue }
      // What the value comes from stands for other nodes already: a node that keeps the name of what it reads, or makes a copy of it.
      guard !left.isEmpty || before[pair.reference].producer == nil else {
        inserted.formUnion(right)
        continue
      }
      if right.count == 1, left.count == 1 {
        compare(left[0], right[0], before, after, partners)
      } else {
        add(right.reversed().map(after.describe), left.reversed().map(before.describe), after[last])
      }
    }
    added = after.order.filter { !claimed.after.contains($0) || inserted.contains($0) }.map(after.describe)
    removed = before.order.filter { !claimed.before.contains($0) }.map(before.describe)
  }

  private mutating func add(_ after: [String], _ before: [String], _ node: Node, changes: [String] = []) {
    rewritten.append(Rewriting(after: after, before: before, madeBy: Self.pass(of: node), changes: changes))
  }

  private static func pass(of node: Node) -> String? {
    if case .pass(let name, _) = node.provenance { name } else { nil }
  }

  private mutating func compare(_ left: NodeID, _ right: NodeID, _ before: Graph, _ after: Graph, _ partners: [ValueID: ValueID]) {
    let (one, other) = (before[left], after[right])
    var changes: [String] = []
    let (old, new) = (one.op.attributes, other.op.attributes)
    for name in Set(old.values.keys).union(new.values.keys).sorted() where old.values[name] != new.values[name] {
      changes.append("\(name): \(old.values[name].map(\.text) ?? "not given") → \(new.values[name].map(\.text) ?? "not given")")
    }
    guard one.op.name == other.op.name else {
      return add([after.describe(right)], [before.describe(left)], other, changes: changes)
    }
    for position in 0..<max(one.operands.count, one.inputs.count, other.operands.count, other.inputs.count) {
      let (a, b) = (Self.operand(position, of: one), Self.operand(position, of: other))
      let names = (a.map { before[$0].name }, b.map { after[$0].name })
      let isSame = names.0 == names.1 || b.flatMap { partners[$0] } == a || before.constant(a) != nil && before.constant(a) == after.constant(b)
      if !isSame { changes.append("operand \(position): \(names.0.map { "%\($0)" } ?? "none") → \(names.1.map { "%\($0)" } ?? "none")") }
    }
    guard !changes.isEmpty else { return }
    changed.append(
      Rewriting(after: [after.describe(right)], before: [before.describe(left)], madeBy: Self.pass(of: other), changes: changes))
  }

  private static func operand(_ position: Int, of node: Node) -> ValueID? {
    if position < node.inputs.count { return node.inputs[position] }
    let capture = position - node.inputs.count
    return node.captures.indices.contains(capture) ? node.captures[capture] : nil
  }

  private mutating func compareConstants(_ before: Graph, _ after: Graph) {
    func names(_ graph: Graph) -> Set<String> { Set(graph.constants.map { graph[$0].name }) }
    let (old, new) = (names(before), names(after))
    for id in after.constants where old.contains(after[id].name) {
      guard let earlier = before.value(named: after[id].name).flatMap({ before.constant($0) }), let now = after.constant(id) else { continue }
      guard earlier != now else { continue }
      let readers = Set(after[id].users)
      let change = ConstantChange(
        after[id].name, earlier, now, readers: after.order.filter(readers.contains).map(after.describe),
        isScale: readers.contains { after.isScale(id, of: $0) })
      if let change { constants.append(change) }
    }
    compareUnshared(
      before.constants.filter { !new.contains(before[$0].name) }.map { before[$0] },
      after.constants.filter { !old.contains(after[$0].name) }.map { after[$0] })
  }

  /// Constants that have no namesake: renamed, stored as another type, or on one side only.
  private mutating func compareUnshared(_ before: [Value], _ after: [Value]) {
    guard !before.isEmpty else { return addedConstants = after.compactMap(Self.describe) }
    var lost = Dictionary(before.map { ($0.name, $0) }) { first, _ in first }
    var contents: [UInt64: [String]] = [:]
    for value in before { contents[value.constant?.fingerprint ?? 0, default: []].append(value.name) }
    for value in after {
      guard let now = value.constant else { continue }
      if let same = contents[now.fingerprint]?.first(where: { lost[$0]?.constant == now }) {
        lost[same] = nil
      } else if let stem = Self.stems(value.name).first(where: { Self.holds(now, lost[$0]?.constant) }), let earlier = lost[stem]?.constant {
        recoded.append((stem, TensorType(of: earlier), TensorType(of: now)))
        lost[stem] = nil
      } else {
        addedConstants += Self.describe(value).map { [$0] } ?? []
      }
    }
    removedConstants = before.filter { lost[$0.name] != nil }.compactMap(Self.describe)
  }

  /// Whether a constant can hold what another one held: its elements, or rows of it.
  private static func holds(_ now: Tensor, _ earlier: Tensor?) -> Bool {
    guard let earlier else { return false }
    return earlier.elementCount == now.elementCount || earlier.rank == now.rank && now.rank > 1
  }

  private static func describe(_ value: Value) -> String? { value.constant.map { "\(value.name): \(TensorType(of: $0))" } }

  /// `a.b` and `a` of `a.b.c`, the longest first.
  private static func stems(_ name: String) -> [String] {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return (1..<max(1, parts.count)).reversed().map { parts.prefix($0).joined(separator: ".") }
  }

  /// Extents of constants whose shapes changed, the same changes together.
  private static func extents(
    _ same: [(before: TensorType, after: TensorType)], _ recoded: [(before: TensorType, after: TensorType)], _ nodes: [Rewriting]
  ) -> [(before: Int, after: Int, constants: Int, what: String)] {
    var found: [(before: Int, after: Int, constants: Int, axes: Set<Int>)] = []
    // Codes may share bytes, so that of what was stored anew only rows can be counted.
    for (change, axes) in same.map({ ($0, Int.max) }) + recoded.map({ ($0, 1) }) {
      guard let old = change.before.shape, let new = change.after.shape, old.count == new.count else { continue }
      // The same elements in another order are no cut.
      guard change.before.dtype == change.after.dtype || old.compactMap(\.known).sorted() != new.compactMap(\.known).sorted() else { continue }
      for (axis, (one, other)) in zip(old, new).enumerated().prefix(axes) {
        guard let one = one.known, let other = other.known, one != other else { continue }
        let place = found.firstIndex { $0.before == one && $0.after == other }
        if let place {
          found[place].constants += 1
          if old.count == 2 { found[place].axes.insert(axis) }
        } else {
          found.append((one, other, 1, old.count == 2 ? [axis] : []))
        }
      }
    }
    let cuts = found.map { ($0.before, $0.after, $0.constants, $0.axes.count > 1 ? "neurons or channels" : "rows or columns") }
    let heads = nodes.flatMap(\.changes).compactMap { $0.wholeMatch(of: /(?:heads|\w*num_heads): (\d+) → (\d+)/) }
    let pairs = Set(heads.map { "\($0.1) \($0.2)" }).sorted()
    return cuts
      + pairs.compactMap { pair in
        let sides = pair.split(separator: " ").compactMap { Int($0) }
        guard sides.count == 2 else { return nil }
        return (sides[0], sides[1], heads.count { "\($0.1) \($0.2)" == pair }, "attention heads")
      }
  }
}

extension Graph {
  /// Whether a node reads a constant as a scale or a zero point.
  fileprivate func isScale(_ constant: ValueID, of id: NodeID) -> Bool {
    let schema = type(of: self[id].op).schema
    return self[id].inputs.enumerated().contains { position, input in
      guard input == constant, let formal = schema.input(at: position)?.name else { return false }
      return formal.hasSuffix("_scale") || formal.hasSuffix("zero_point") || schema.name.description == "lathe::QuantizeRows" && formal == "scale"
    }
  }
}

extension Attribute {
  /// The attribute for people.
  fileprivate var text: String {
    switch self {
    case .integer(let value): "\(value)"
    case .float(let value): "\(value)"
    case .string(let value): "\"\(value)\""
    case .integers(let values): "\(values.prefix(8))" + (values.count > 8 ? "…" : "")
    case .floats(let values): "\(values.prefix(8))" + (values.count > 8 ? "…" : "")
    case .tensor(let tensor): "\(TensorType(of: tensor)) #\(String(tensor.fingerprint, radix: 16))"
    default: "(\(kind.rawValue))"
    }
  }
}
