import LatheDiagnostics
import LatheIR
import LatheTensors

/// The outputs of one of two graphs, as a condition says.
public struct If: ControlFlow {
  public static let schema = OperatorSchema(
    "If", since: 25,
    inputs: [.init("cond", "B", .bool)],
    outputs: [.init("outputs", "", .all, .variadic)],
    attributes: ["then_branch": .graph, "else_branch": .graph])

  public static var isConditional: Bool { true }

  /// Run if the condition is true; has no inputs.
  public var thenBranch: Graph
  /// Run if it is false; has no inputs.
  public var elseBranch: Graph

  public init(thenBranch: Graph, elseBranch: Graph) {
    self.thenBranch = thenBranch
    self.elseBranch = elseBranch
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    thenBranch = try Attributes.required("then_branch", try attributes.graph("then_branch"))
    elseBranch = try Attributes.required("else_branch", try attributes.graph("else_branch"))
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("then_branch", thenBranch)
    attributes.set("else_branch", elseBranch)
  }

  public var subgraphs: [(name: String, graph: Graph)] { [("then_branch", thenBranch), ("else_branch", elseBranch)] }

  public func replacingSubgraphs(_ graphs: [Graph]) -> any SubgraphHolder {
    guard graphs.count == 2 else { return self }
    return If(thenBranch: graphs[0], elseBranch: graphs[1])
  }

  public func subgraphInputs(_ inputs: [Operand?]) throws(Diagnostic) -> [[ValueType?]] {
    guard thenBranch.inputs.isEmpty, elseBranch.inputs.isEmpty else {
      throw .invalid("operator/subgraph-inputs", "a branch of If takes no inputs; it reads the values around it")
    }
    return [[], []]
  }

  public func inferOutputs(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType?] {
    let (some, other) = (thenBranch.outputTypes, elseBranch.outputTypes)
    guard some.count == other.count else {
      throw .invalid("operator/branches", "one branch of If gives \(some.count) outputs, the other \(other.count)")
    }
    var types: [ValueType?] = []
    for (one, two) in zip(some, other) { types.append(try ValueType.either(one, two)) }
    return types
  }

  public func evaluate(
    _ inputs: [Datum?], limits: ResourceLimits, run: SubgraphRunner
  ) throws(Diagnostic) -> [Datum] {
    try run(try inputs.required(0).truth("condition") ? 0 : 1, [])
  }
}
