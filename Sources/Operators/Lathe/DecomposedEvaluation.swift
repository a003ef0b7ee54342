import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator whose reference meaning is what it decomposes into.
protocol DefinedByDecomposition: Decomposable, Evaluable {}

extension DefinedByDecomposition {
  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    var builder = GraphBuilder(provenance: .source(name.description))
    var values: [ValueID: Tensor] = [:]
    var operands: [ValueID?] = []
    for (position, tensor) in inputs.enumerated() {
      guard let tensor else {
        operands.append(nil)
        continue
      }
      let id = try builder.input("input.\(position)", tensor.dtype, tensor.shape.map { .known($0) })
      values[id] = tensor
      operands.append(id)
    }
    let results = try decompose(operands, in: &builder)
    let graph = builder.graph
    for id in graph.order {
      let node = graph[id]
      guard let op = node.op as? any Evaluable else {
        throw Diagnostic("operator/inconsistent", .internalFault, "\(name) decomposes into \(node.op.name), which cannot be run")
      }
      let outputs = try op.evaluate(node.inputs.map { $0.flatMap { values[$0] ?? graph.constant($0) } })
      for (output, tensor) in zip(node.outputs, outputs) {
        if let output { values[output] = tensor }
      }
    }
    var tensors: [Tensor] = []
    for id in results {
      guard let tensor = values[id] ?? graph.constant(id) else {
        throw Diagnostic("operator/inconsistent", .internalFault, "\(name) decomposes without producing an output")
      }
      tensors.append(tensor)
    }
    return tensors
  }
}

extension GraphBuilder {
  /// Adds a vector of 64-bit integers as a constant.
  mutating func integers(_ name: String, _ numbers: [Int]) throws(Diagnostic) -> ValueID {
    try constant(name, try Tensor(numbers.map { Int64($0) }, shape: [numbers.count]))
  }

  /// The value reshaped; 0 copies an extent and −1 is what remains.
  mutating func reshaped(_ value: ValueID, to shape: [Int]) throws(Diagnostic) -> ValueID {
    try add(Reshape(), [value, try integers("shape", shape)])
  }

  /// A number as a constant of rank 0 and the type of `value`.
  mutating func number(_ number: Double, like value: ValueID) throws(Diagnostic) -> ValueID {
    try constant("number", try Tensor.number(number, graph[value].type?.tensor?.dtype ?? .float32))
  }
}

extension Tensor {
  /// One float of rank 0.
  ///
  /// - Throws: `operator/dtype` for a type that is no float.
  static func number(_ number: Double, _ dtype: DType) throws(Diagnostic) -> Tensor {
    try Tensor([number], shape: []).narrowed(to: dtype)
  }
}
