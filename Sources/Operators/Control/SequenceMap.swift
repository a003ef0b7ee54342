import LatheDiagnostics
import LatheIR
import LatheTensors

/// A graph run on one element after the other of a sequence; its outputs become sequences.
///
/// Further inputs that are sequences go along element by element; others are given to every run.
public struct SequenceMap: ControlFlow {
  public static let schema = OperatorSchema(
    "SequenceMap", since: 17,
    inputs: [.init("input_sequence", "S", .all), .init("additional_inputs", "", .all, .variadic)],
    outputs: [.init("out_sequence", "", .all, .variadic)],
    attributes: ["body": .graph])

  public var body: Graph

  public init(body: Graph) { self.body = body }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    body = try Attributes.required("body", try attributes.graph("body"))
  }

  public func encode(into attributes: inout Attributes) { attributes.set("body", body) }

  public var subgraphs: [(name: String, graph: Graph)] { [("body", body)] }

  public func replacingSubgraphs(_ graphs: [Graph]) -> any SubgraphHolder {
    graphs.first.map { SequenceMap(body: $0) } ?? self
  }

  public func subgraphInputs(_ inputs: [Operand?]) throws(Diagnostic) -> [[ValueType?]] {
    try checkBody(inputs.count)
    _ = try inputs.required(0).sequenceElement()
    return [
      inputs.map { operand in
        guard case .sequence(let element)? = operand?.type else { return operand?.type }
        return element
      }
    ]
  }

  public func inferOutputs(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType?] {
    try checkBody(inputs.count)
    return body.outputTypes.map { $0.map { .sequence($0) } }
  }

  public func evaluate(
    _ inputs: [Datum?], limits: ResourceLimits, run: SubgraphRunner
  ) throws(Diagnostic) -> [Datum] {
    try checkBody(inputs.count)
    let count = try inputs.required(0).sequence().elements.count
    var given: [Datum] = []
    for position in inputs.indices {
      let datum = try inputs.required(position)
      if case .sequence(let elements, _) = datum, elements.count != count {
        throw .invalid(
          "operator/sequence-length",
          "sequences of \(count) and \(elements.count) elements cannot go along with each other")
      }
      given.append(datum)
    }
    var lists = [[Datum]](repeating: [], count: body.outputs.count)
    for index in 0..<count {
      let arguments = given.map { datum in
        guard case .sequence(let elements, _) = datum else { return datum }
        return elements[index]
      }
      for (position, result) in try run(0, arguments).enumerated() { lists[position].append(result) }
    }
    var outputs: [Datum] = []
    for (list, type) in zip(lists, body.outputTypes) {
      guard let element = list.first?.type.shapeless ?? type else {
        throw .invalid(
          "operator/sequence-element", "the sequence is empty, and the type of what comes of its elements is not known")
      }
      outputs.append(.sequence(list, of: element))
    }
    return outputs
  }

  private func checkBody(_ inputCount: Int) throws(Diagnostic) {
    guard body.inputs.count == inputCount else {
      throw .invalid(
        "operator/subgraph-inputs", "SequenceMap has \(inputCount) inputs, but its body takes \(body.inputs.count)")
    }
  }
}
