import LatheDiagnostics
import LatheIR
import LatheTensors

/// What a pass may see and use while it runs; all additions to the graph go through it, so that provenance is kept.
public struct PassContext: Sendable {
  /// The running pass.
  public let pass: PassID
  public let limits: ResourceLimits
  /// Whether the graph is verified after every rewrite rather than after the pass; for tests.
  public let verifiesEveryRewrite: Bool
  /// Shows a graph's activations on the samples; nil where there are no samples.
  public let observe: Observe?
  /// Compares the outputs of two graphs on the samples; nil where there are no samples.
  public let compare: Compare?
  /// Compares them on some of the samples, for searches that compare often; nil where there are no samples.
  public let compareBriefly: Compare?
  /// Sums up what least squares need; nil where there are no samples.
  public let regress: Regress?
  /// Measures how long a graph takes; nil where there are no samples.
  public let latency: MeasureLatency?
  /// Scores of structures that were given.
  public let structures: [StructureScores]
  /// What is known of the texts that the model is for.
  public let texts: TextKnowledge
  /// Counts tokens in these texts; nil where there are none.
  public let tokenCounts: TokenCounts?

  public init(
    pass: PassID, limits: ResourceLimits, verifiesEveryRewrite: Bool = false, observe: Observe? = nil, compare: Compare? = nil,
    compareBriefly: Compare? = nil, regress: Regress? = nil, latency: MeasureLatency? = nil, structures: [StructureScores] = [],
    texts: TextKnowledge = TextKnowledge(), tokenCounts: TokenCounts? = nil
  ) {
    self.pass = pass
    self.limits = limits
    self.verifiesEveryRewrite = verifiesEveryRewrite
    self.observe = observe
    self.compare = compare
    self.compareBriefly = compareBriefly
    self.regress = regress
    self.latency = latency
    self.structures = structures
    self.texts = texts
    self.tokenCounts = tokenCounts
  }

  /// What to throw where options, or what is given with them, are not what the pass can work with.
  public func usage(_ id: String, _ message: String, fix: String? = nil) -> Diagnostic {
    Diagnostic(id, .usage, message, at: Location(pass: pass.rawValue), fix: fix)
  }

  /// Adds a node in place of `replaced`, before the first of them, with inferred types.
  ///
  /// - Returns: the values of its first `outputCount` outputs.
  public func add(
    _ op: any Operator, _ inputs: [ValueID?], outputCount: Int = 1, to graph: inout Graph, replacing replaced: [NodeID]
  ) throws(Diagnostic) -> [ValueID] {
    let provenance = Provenance.pass(pass.rawValue, from: replaced.map(graph.describe))
    return try graph.addInferred(op, inputs, outputCount: outputCount, provenance: provenance, before: replaced.first)
  }

  /// Puts a value in the place of another, whose name it takes, and removes those of `nodes` that nothing reads any more, with what only
  /// they read.
  public func replace(
    _ old: ValueID, with new: ValueID, removing nodes: [NodeID], in graph: inout Graph
  ) throws(Diagnostic) {
    let name = graph[old].name
    graph.replaceAllUses(of: old, with: new)
    graph.removeUnread(nodes)
    // A value that was there before keeps the name that others know it by.
    guard case .pass? = graph.producer(of: new)?.provenance, graph.value(named: name) == nil else { return }
    try graph.rename(new, to: name)
  }

  /// Puts constants in the place of a node's outputs and removes the node; each constant keeps its output's name.
  ///
  /// - Throws: `passes/outputs` if an output that is produced has no tensor.
  public func replace(_ id: NodeID, with tensors: [Tensor?], in graph: inout Graph) throws(Diagnostic) {
    for (position, output) in graph[id].outputs.enumerated() where output != nil {
      guard position < tensors.count, tensors[position] != nil else {
        throw Diagnostic(
          "passes/outputs", .internalFault, "output \(position) of \(graph.describe(id)) was not computed")
      }
    }
    var renamed: [(ValueID, String)] = []
    for (output, tensor) in zip(graph[id].outputs, tensors) {
      guard let output, let tensor else { continue }
      let name = graph[output].name
      let constant = try graph.addConstant(graph.uniqueName("\(name).folded"), tensor)
      graph.replaceAllUses(of: output, with: constant)
      renamed.append((constant, name))
    }
    graph.removeNode(id)
    for (constant, name) in renamed { try graph.rename(constant, to: name) }
  }
}
