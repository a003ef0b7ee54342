import LatheDiagnostics
import LatheIR
import LatheTensors

/// A graph run on one entry after the other of its inputs' axes, handing states on from one run to the next.
///
/// The body takes the states and one entry of each scanned input, and gives the states and entries of the stacked outputs.
public struct Scan: ControlFlow {
  public static let schema = OperatorSchema(
    "Scan", since: 25,
    inputs: [.init("initial_state_and_scan_inputs", "", .all, .variadic)],
    outputs: [.init("final_state_and_scan_outputs", "", .all, .variadic)],
    attributes: [
      "body": .graph, "num_scan_inputs": .integer, "scan_input_axes": .integers, "scan_input_directions": .integers,
      "scan_output_axes": .integers, "scan_output_directions": .integers,
    ])

  public var body: Graph
  /// How many of the inputs, at the end, are scanned; those before are states.
  public var scanInputCount: Int
  /// The axis of each scanned input along which it is scanned; empty for 0 everywhere.
  public var inputAxes: [Int]
  /// Nonzero for each scanned input that is scanned from its end; empty for none.
  public var inputDirections: [Int]
  /// The axis of each stacked output that grows; empty for 0 everywhere.
  public var outputAxes: [Int]
  /// Nonzero for each stacked output that grows at its front; empty for none.
  public var outputDirections: [Int]

  public init(
    body: Graph, scanInputCount: Int, inputAxes: [Int] = [], inputDirections: [Int] = [], outputAxes: [Int] = [],
    outputDirections: [Int] = []
  ) {
    self.body = body
    self.scanInputCount = scanInputCount
    self.inputAxes = inputAxes
    self.inputDirections = inputDirections
    self.outputAxes = outputAxes
    self.outputDirections = outputDirections
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    body = try Attributes.required("body", try attributes.graph("body"))
    scanInputCount = try Attributes.required("num_scan_inputs", try attributes.integer("num_scan_inputs"))
    inputAxes = try attributes.integers("scan_input_axes") ?? []
    inputDirections = try attributes.integers("scan_input_directions") ?? []
    outputAxes = try attributes.integers("scan_output_axes") ?? []
    outputDirections = try attributes.integers("scan_output_directions") ?? []
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("body", body)
    attributes.set("num_scan_inputs", scanInputCount)
    if !inputAxes.isEmpty { attributes.set("scan_input_axes", inputAxes) }
    if !inputDirections.isEmpty { attributes.set("scan_input_directions", inputDirections) }
    if !outputAxes.isEmpty { attributes.set("scan_output_axes", outputAxes) }
    if !outputDirections.isEmpty { attributes.set("scan_output_directions", outputDirections) }
  }

  public var subgraphs: [(name: String, graph: Graph)] { [("body", body)] }

  public func replacingSubgraphs(_ graphs: [Graph]) -> any SubgraphHolder {
    guard let body = graphs.first else { return self }
    var copy = self
    copy.body = body
    return copy
  }

  public func subgraphInputs(_ inputs: [Operand?]) throws(Diagnostic) -> [[ValueType?]] {
    let stateCount = try checkedStateCount(inputs.count)
    var types = inputs.prefix(stateCount).map { $0?.type.shapeless }
    for (position, operand) in inputs.dropFirst(stateCount).enumerated() {
      guard let type = try operand?.tensor() else {
        types.append(nil)
        continue
      }
      var shape = type.shape
      if let rank = type.rank { shape?.remove(at: try normalized(axis: item(inputAxes, position), rank: rank)) }
      types.append(.tensor(TensorType(type.dtype, shape)))
    }
    return [types]
  }

  public func inferOutputs(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType?] {
    let stateCount = try checkedStateCount(inputs.count)
    let given = body.outputTypes
    var types: [ValueType?] = []
    for (initial, final) in zip(inputs.prefix(stateCount), given) {
      types.append(try ValueType.either(initial?.type, final))
    }
    let length = try self.length(Array(inputs.dropFirst(stateCount)))
    for (position, type) in given.dropFirst(stateCount).enumerated() {
      guard let tensor = type?.tensor else {
        types.append(nil)
        continue
      }
      var shape = tensor.shape
      if let rank = tensor.rank {
        shape?.insert(length, at: try normalized(axis: item(outputAxes, position), rank: rank + 1))
      }
      types.append(.tensor(TensorType(tensor.dtype, shape)))
    }
    return types
  }

  public func evaluate(
    _ inputs: [Datum?], limits: ResourceLimits, run: SubgraphRunner
  ) throws(Diagnostic) -> [Datum] {
    let stateCount = try checkedStateCount(inputs.count)
    var states: [Datum] = []
    var cutters: [AxisCutter] = []
    for position in inputs.indices {
      let datum = try inputs.required(position)
      guard position >= stateCount else {
        states.append(datum)
        continue
      }
      let tensor = try datum.requireTensor()
      cutters.append(
        AxisCutter(tensor, axis: try normalized(axis: item(inputAxes, position - stateCount), rank: tensor.rank)))
    }
    let length = cutters.first?.extent ?? 0
    guard cutters.allSatisfy({ $0.extent == length }) else { throw mismatch(cutters.map(\.extent)) }
    var stacks = [TensorStack](repeating: TensorStack(), count: body.outputs.count - stateCount)
    for step in 0..<length {
      var arguments = states
      for (position, cutter) in cutters.enumerated() {
        let entry = item(inputDirections, position) == 0 ? step : length - 1 - step
        arguments.append(.tensor(try cutter.cut(from: entry, count: 1, dropsAxis: true)))
      }
      let results = try run(0, arguments)
      states = Array(results.prefix(stateCount))
      for index in stacks.indices { try stacks[index].append(results[stateCount + index], limits: limits) }
    }
    for (position, stack) in stacks.enumerated() {
      let stacked = try stack.stacked(
        axis: item(outputAxes, position), isReversed: item(outputDirections, position) != 0,
        type: body[body.outputs[stateCount + position]].type?.tensor)
      states.append(.tensor(stacked))
    }
    return states
  }

  private func item(_ list: [Int], _ position: Int) -> Int { position < list.count ? list[position] : 0 }

  private func checkedStateCount(_ inputCount: Int) throws(Diagnostic) -> Int {
    guard scanInputCount > 0, scanInputCount <= inputCount else {
      throw .invalid(
        "operator/attribute-value", "num_scan_inputs is \(scanInputCount), but Scan has \(inputCount) inputs")
    }
    let stateCount = inputCount - scanInputCount
    guard body.inputs.count == inputCount, body.outputs.count >= stateCount else {
      throw .invalid(
        "operator/subgraph-inputs",
        "Scan has \(inputCount) inputs, \(stateCount) of them states, but its body takes \(body.inputs.count) and gives \(body.outputs.count)"
      )
    }
    for (list, count) in [
      (inputAxes, scanInputCount), (inputDirections, scanInputCount), (outputAxes, body.outputs.count - stateCount),
      (outputDirections, body.outputs.count - stateCount),
    ] where !list.isEmpty && list.count != count {
      throw .invalid("operator/attribute-value", "\(list) should have one number for each of \(count) scanned values")
    }
    return stateCount
  }

  /// The number of entries of the scanned inputs; a number before a symbol.
  private func length(_ scanned: [Operand?]) throws(Diagnostic) -> Dimension {
    var length = Dimension.unknown
    for (position, operand) in scanned.enumerated() {
      guard let shape = try operand?.tensor().shape else { continue }
      let extent = shape[try normalized(axis: item(inputAxes, position), rank: shape.count)]
      if length.isProvablyDifferent(from: extent) {
        throw .invalid("operator/scan-length", "the inputs have \(length) and \(extent) entries to scan")
      }
      if length.known == nil, extent != .unknown {
        length = length == .unknown || extent.known != nil ? extent : length
      }
    }
    return length
  }

  private func mismatch(_ extents: [Int]) -> Diagnostic {
    .invalid("operator/scan-length", "the inputs have different numbers of entries to scan: \(extents)")
  }
}
