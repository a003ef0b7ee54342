import LatheDiagnostics
import LatheIR
import LatheTensors

/// One step of training: new values of tensors from their gradients and the optimizer's own state.
///
/// The inputs are the learning rate, how many updates were made before, and then all tensors to optimize, all their
/// gradients, and for every part of the state all its tensors. The outputs are the new tensors and the new state in the
/// same order. A tensor, its gradient and its state have one shape. Everything is computed in double precision and rounded
/// once.
protocol Optimizer: Evaluable {
  /// Tensors of state for each tensor that is optimized.
  static var stateCount: Int { get }

  /// The rate and what else is the same for all elements of a step.
  associatedtype Step
  func step(rate: Double, updates: Int) -> Step
  /// The new value and state of one element.
  func update(_ x: Double, gradient: Double, state: inout [Double], _ step: Step) -> Double
}

extension Optimizer {
  /// Formal operands of every optimizer.
  static func formal(_ name: String, attributes: [String: Attribute.Kind]) -> OperatorSchema {
    let domain: DTypeDomain = [.float32, .float64]
    return OperatorSchema(
      name, domain: "ai.onnx.preview.training", since: 1,
      inputs: [.init("R", "T1", domain), .init("T", "T2", .int64), .init("inputs", "", domain, .variadic)],
      outputs: [.init("outputs", "", domain, .variadic)], attributes: attributes)
  }

  private func count(_ inputs: Int) throws(Diagnostic) -> Int {
    let (count, rest) = (inputs - 2).quotientAndRemainder(dividingBy: 2 + Self.stateCount)
    guard count > 0, rest == 0 else {
      throw .invalid(
        "operator/inputs",
        "\(name) takes a rate, a count of updates and \(2 + Self.stateCount) inputs for each tensor, but \(inputs) are given"
      )
    }
    return count
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let count = try count(inputs.count)
    for (position, role) in [(0, "learning rate"), (1, "count of updates")] {
      guard let shape = try inputs.tensor(position).shape else { continue }
      guard !shape.contains(where: { $0.isProvablyDifferent(from: 1) }) else {
        throw .invalid(
          "operator/rank", "the \(role) of \(name) should be a scalar, but is \(try inputs.tensor(position))")
      }
    }
    var groups: [[TensorType]] = []
    for index in 0..<count {
      var group: [TensorType] = []
      for part in 0..<2 + Self.stateCount { group.append(try inputs.tensor(2 + part * count + index)) }
      try checkAgreement(group)
      groups.append(group)
    }
    return ([0] + Array(2..<2 + Self.stateCount)).flatMap { part in
      groups.map { .tensor($0[part].shape == nil ? $0[0] : $0[part]) }
    }
  }

  private func checkAgreement(_ group: [TensorType]) throws(Diagnostic) {
    for other in group.dropFirst() {
      var agrees = other.dtype == group[0].dtype
      if let one = group[0].shape, let two = other.shape {
        agrees = agrees && one.count == two.count && !zip(one, two).contains { $0.isProvablyDifferent(from: $1) }
      }
      guard agrees else {
        throw .invalid(
          "operator/optimizer-shape",
          "\(name) needs a tensor, its gradient and its state to be alike, but they are \(group[0]) and \(other)")
      }
    }
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let count = try count(inputs.count)
    guard let rate = try inputs.required(0).doubles()?.first, let updates = try inputs.required(1).integers()?.first
    else {
      throw .invalid("operator/inputs", "\(name) needs a learning rate and a count of updates")
    }
    let step = step(rate: rate, updates: updates)
    var outputs = [[Tensor]](repeating: [], count: 1 + Self.stateCount)
    for index in 0..<count {
      var group: [Tensor] = []
      for part in 0..<2 + Self.stateCount { group.append(try inputs.required(2 + part * count + index)) }
      for (part, tensor) in try updated(group, step).enumerated() { outputs[part].append(tensor) }
    }
    return outputs.flatMap { $0 }
  }

  /// The new tensor and state of one tensor, its gradient and its state.
  private func updated(_ group: [Tensor], _ step: Step) throws(Diagnostic) -> [Tensor] {
    let values = group.compactMap { $0.doubles() }
    let shape = group[0].shape
    guard values.count == group.count, group.allSatisfy({ $0.shape == shape }) else {
      throw .invalid("operator/optimizer-shape", "\(name) needs a tensor, its gradient and its state to be alike")
    }
    var results = [values[0]] + values[2...]
    for index in values[0].indices {
      var state = values[2...].map { $0[index] }
      results[0][index] = update(values[0][index], gradient: values[1][index], state: &state, step)
      for part in state.indices { results[part + 1][index] = state[part] }
    }
    var tensors: [Tensor] = []
    for result in results {
      let isDouble = group[0].dtype == .float64
      tensors.append(isDouble ? try Tensor(result, shape: shape) : try Tensor(result.map { Float($0) }, shape: shape))
    }
    return tensors
  }
}
