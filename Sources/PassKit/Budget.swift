import LatheDiagnostics
import LatheIR
import LatheJSON
import LatheTensors

/// What a recipe's result must keep to; a broken budget fails the conversion.
public struct Budget: Sendable {
  /// How much of what a pass looked at it must have done.
  public struct Coverage: Sendable {
    public var pass: PassID
    public var minimumDone: Int?
    public var maximumDeclined: Int?
    /// Least share of the candidates, done or declined, that were done: 0 to 1.
    public var minimumShare: Double?
    /// Where the recipe demands it.
    public var location: Location

    public init(
      pass: PassID, minimumDone: Int? = nil, maximumDeclined: Int? = nil, minimumShare: Double? = nil,
      at location: Location = Location()
    ) {
      self.pass = pass
      self.minimumDone = minimumDone
      self.maximumDeclined = maximumDeclined
      self.minimumShare = minimumShare
      self.location = location
    }
  }

  /// How much of the weights must be of a type.
  public struct Weights: Sendable {
    public var dtype: DType
    /// Least share of the elements, 0 to 1.
    public var minimumShare: Double
    /// Operators whose weights count; empty for all.
    public var operators: [String]

    public init(dtype: DType, minimumShare: Double, operators: [String] = []) {
      self.dtype = dtype
      self.minimumShare = minimumShare
      self.operators = operators
    }
  }

  /// What became of one rule.
  public struct Verdict: Sendable, Hashable {
    public var rule: String
    public var figure: String
    public var isKept: Bool
  }

  public var maximumNodes: Int?
  public var maximumParameters: Int?
  /// Bytes of all constants.
  public var maximumBytes: Int?
  public var coverage: [Coverage] = []
  public var weights: [Weights] = []

  public init() {}
}

extension Budget {
  /// Whether the result keeps to each rule, in the order of the properties.
  public func verdicts(on graph: Graph, _ ledger: Ledger) -> [Verdict] {
    let size = Ledger.Size(of: graph)
    let sizes = [("nodes", maximumNodes, size.nodes), ("parameters", maximumParameters, size.parameters), ("bytes", maximumBytes, size.bytes)]
    let bounds = sizes.compactMap { name, bound, figure in
      bound.map { Verdict(rule: "at most \($0) \(name)", figure: "\(figure)", isKept: figure <= $0) }
    }
    return bounds + coverage.flatMap { Self.verdicts($0, ledger) } + weights.map { Self.verdict($0, graph) }
  }

  private static func verdicts(_ demand: Coverage, _ ledger: Ledger) -> [Verdict] {
    let entries = ledger.entries.filter { $0.step == demand.pass.rawValue }
    let done = entries.reduce(0) { $0 + $1.done }
    let declined = entries.last?.declined.count ?? 0
    let share = done + declined == 0 ? 0 : Double(done) / Double(done + declined)
    return [
      demand.minimumDone.map {
        Verdict(rule: "\(demand.pass) does at least \($0)", figure: "\(done)", isKept: done >= $0)
      },
      demand.maximumDeclined.map {
        Verdict(rule: "\(demand.pass) declines at most \($0)", figure: "\(declined)", isKept: declined <= $0)
      },
      demand.minimumShare.map {
        Verdict(
          rule: "\(demand.pass) does a share of at least \($0)", figure: "\(done) of \(done + declined)", isKept: share >= $0)
      },
    ].compactMap { $0 }
  }

  private static func verdict(_ demand: Weights, _ graph: Graph) -> Verdict {
    let (total, counted) = elements(demand, graph)
    let share = total == 0 ? 0 : Double(counted) / Double(total)
    let whose = demand.operators.isEmpty ? "" : " of \(demand.operators.joined(separator: ", "))"
    return Verdict(
      rule: "at least \(demand.minimumShare) of the weights\(whose) are \(demand.dtype)",
      figure: "\(counted) of \(total) elements", isKept: share >= demand.minimumShare)
  }

  /// Types of constants that are indices, shapes and names rather than weights.
  private static let uncounted: Set<DType> = [.int64, .bool, .string]

  /// Elements of the constants of rank 2 and more that count, and those of them that are of the type.
  private static func elements(_ demand: Weights, _ graph: Graph) -> (total: Int, counted: Int) {
    var sums = (total: 0, counted: 0)
    for id in graph.constants {
      guard let tensor = graph[id].constant, tensor.rank >= 2, !uncounted.contains(tensor.dtype) else { continue }
      let isRead =
        demand.operators.isEmpty || graph[id].users.contains { demand.operators.contains(graph[$0].op.name.name) }
      guard isRead else { continue }
      sums.total += tensor.elementCount
      if tensor.dtype == demand.dtype { sums.counted += tensor.elementCount }
    }
    for subgraph in graph.order.flatMap(graph.subgraphs(of:)) {
      let inner = elements(demand, subgraph)
      sums = (sums.total + inner.total, sums.counted + inner.counted)
    }
    return sums
  }
}

extension Budget.Verdict {
  /// The verdict for reports.
  public var json: JSONValue { ["rule": .string(rule), "figure": .string(figure), "kept": .bool(isKept)] }
}
