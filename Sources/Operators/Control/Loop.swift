import LatheDiagnostics
import LatheIR
import LatheTensors

/// A graph run again and again, each time on what it gave the last time.
///
/// It ends after a number of iterations, or as soon as a condition is false, whichever is first. The body takes the iteration's
/// number, the condition and the states, and gives the condition, the states and further outputs, which are stacked.
public struct Loop: ControlFlow {
  public static let schema = OperatorSchema(
    "Loop", since: 25,
    inputs: [
      .init("M", "I", .int64, .optional), .init("cond", "B", .bool, .optional), .init("v_initial", "", .all, .variadic),
    ],
    outputs: [.init("v_final_and_scan_outputs", "", .all, .variadic)],
    attributes: ["body": .graph])

  public var body: Graph

  public init(body: Graph) { self.body = body }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    body = try Attributes.required("body", try attributes.graph("body"))
  }

  public func encode(into attributes: inout Attributes) { attributes.set("body", body) }

  public var subgraphs: [(name: String, graph: Graph)] { [("body", body)] }

  public func replacingSubgraphs(_ graphs: [Graph]) -> any SubgraphHolder {
    graphs.first.map { Loop(body: $0) } ?? self
  }

  public func subgraphInputs(_ inputs: [Operand?]) throws(Diagnostic) -> [[ValueType?]] {
    try checkBody(stateCount: inputs.dropFirst(2).count)
    // States may change their shapes from one iteration to the next.
    return [[counterType(0, .int64), counterType(1, .bool)] + inputs.dropFirst(2).map { $0?.type.shapeless }]
  }

  public func inferOutputs(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType?] {
    let states = inputs.dropFirst(2).map { $0?.type }
    try checkBody(stateCount: states.count)
    let given = Array(body.outputTypes.dropFirst())
    var types: [ValueType?] = []
    for (initial, final) in zip(states, given) { types.append(try ValueType.either(initial, final)) }
    let count = try iterationCount(inputs)
    for output in given.dropFirst(states.count) {
      types.append(output?.tensor.map { .tensor(TensorType($0.dtype, $0.shape.map { [count] + $0 })) })
    }
    return types
  }

  public func evaluate(
    _ inputs: [Datum?], limits: ResourceLimits, run: SubgraphRunner
  ) throws(Diagnostic) -> [Datum] {
    let most =
      try inputs.optional(0).map { (datum) throws(Diagnostic) in try datum.integer("number of iterations") } ?? .max
    var goesOn = try inputs.optional(1).map { (datum) throws(Diagnostic) in try datum.truth("condition") } ?? true
    var states: [Datum] = []
    for position in inputs.indices.dropFirst(2) { states.append(try inputs.required(position)) }
    try checkBody(stateCount: states.count)
    let count = states.count
    var stacks = [TensorStack](repeating: TensorStack(), count: body.outputs.count - 1 - count)
    let (numberShape, conditionShape) = (counterShape(0), counterShape(1))
    let condition = try Tensor([true], shape: conditionShape)
    var iteration = 0
    while iteration < most, goesOn {
      let number = try Tensor([Int64(iteration)], shape: numberShape)
      let results = try run(0, [.tensor(number), .tensor(condition)] + states)
      goesOn = try results[0].truth("condition")
      states = Array(results[1..<1 + count])
      for index in stacks.indices { try stacks[index].append(results[1 + count + index], limits: limits) }
      iteration += 1
    }
    for (stack, type) in zip(stacks, body.outputTypes.dropFirst(1 + count)) {
      states.append(.tensor(try stack.stacked(axis: 0, type: type?.tensor)))
    }
    return states
  }

  private func checkBody(stateCount: Int) throws(Diagnostic) {
    guard body.inputs.count == 2 + stateCount, body.outputs.count >= 1 + stateCount else {
      throw .invalid(
        "operator/subgraph-inputs",
        "Loop has \(stateCount) states, but its body takes \(body.inputs.count) inputs and gives \(body.outputs.count) outputs",
        fix: "the body takes the iteration, the condition and the states, and gives the condition, the states and more")
    }
  }

  /// Shape of the iteration's number or of the condition: a scalar, unless the body declares a vector.
  private func counterShape(_ position: Int) -> [Int] {
    body[body.inputs[position]].type?.tensor?.rank == 1 ? [1] : []
  }

  private func counterType(_ position: Int, _ dtype: DType) -> ValueType {
    .tensor(TensorType(dtype, counterShape(position).map { .known($0) }))
  }

  /// How often the body runs, where nothing can end the loop early.
  private func iterationCount(_ inputs: [Operand?]) throws(Diagnostic) -> Dimension {
    guard let most = inputs.optional(0), let count = most.elements?.first ?? most.integers?.first.map({ .known($0) })
    else {
      return .unknown
    }
    if let condition = inputs.optional(1), condition.constant?.elements(as: Bool.self)?.first != true {
      return .unknown
    }
    guard let condition = body.outputs.first, body.isAlwaysTrue(condition, input: body.inputs[1]) else {
      return .unknown
    }
    if let number = count.known { return .known(Swift.max(0, number)) }
    return count.isProvablyNonNegative ? count : .unknown
  }
}
