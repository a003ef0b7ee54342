import LatheDiagnostics
import LatheTensors

extension Evaluable {
  /// Evaluates with every guard around the reference meaning: schema, inference on the actual inputs, limits, and the result's types.
  ///
  /// Inference runs first, so that an output too large is refused before anything is allocated for it.
  ///
  /// - Throws: the operator's own diagnostics, `limit/tensor-bytes`, and `operator/inconsistent` (our fault) if evaluation
  ///   contradicts inference.
  public func evaluateChecked(_ inputs: [Tensor?], limits: ResourceLimits) throws(Diagnostic) -> [Tensor] {
    let types = try checkedTypes(inputs)
    for type in types {
      guard let bytes = try type.storedBytes() else { continue }
      guard bytes <= limits.tensorBytes else {
        throw limits.exceeded("tensor-bytes", "\(name) would make a tensor of \(type)")
      }
    }
    let outputs = try evaluate(inputs)
    for (output, type) in zip(outputs, types) {
      guard let expected = type.tensor else { continue }
      guard output.dtype == expected.dtype, Self.agrees(output.shape, expected.shape) else {
        throw Diagnostic(
          "operator/inconsistent", .internalFault,
          "\(name) gave \(output.dtype)\(output.shape) where inference says \(expected)")
      }
    }
    return outputs
  }

  /// Bytes that all outputs for these inputs would take, as inference tells; `Int.max` beyond what can be counted.
  ///
  /// - Throws: the operator's own diagnostics for inputs that do not fit.
  public func outputBytes(_ inputs: [Tensor?]) throws(Diagnostic) -> Int {
    var total = 0
    for type in try checkedTypes(inputs) {
      let (sum, overflow) = total.addingReportingOverflow(try type.storedBytes() ?? 0)
      total = overflow ? Int.max : sum
    }
    return total
  }

  private func checkedTypes(_ inputs: [Tensor?]) throws(Diagnostic) -> [ValueType] {
    let operands = inputs.map { $0.map { Operand($0) } }
    try Self.schema.check(operands.map { $0?.type }, present: inputs.map { $0 != nil })
    let types = try infer(operands)
    for type in types { try type.checkExtents() }
    return types
  }

  private static func agrees(_ shape: [Int], _ expected: Shape?) -> Bool {
    guard let expected else { return true }
    return shape.count == expected.count && zip(shape, expected).allSatisfy { $1.known == nil || $1.known == $0 }
  }
}

extension DatumEvaluable {
  /// Evaluates after the schema's checks and inference on the actual inputs.
  ///
  /// - Throws: the operator's own diagnostics.
  public func evaluateChecked(_ inputs: [Datum?], limits: ResourceLimits) throws(Diagnostic) -> [Datum] {
    let operands = inputs.map { datum in datum.map { $0.tensor.map { Operand($0) } ?? Operand(type: $0.type) } }
    try Self.schema.check(operands.map { $0?.type }, present: inputs.map { $0 != nil })
    _ = try infer(operands)
    return try evaluate(inputs, limits: limits)
  }
}

extension ValueType {
  /// Bytes that a tensor of this type takes, nil where its shape is not known; a string takes its header at least.
  fileprivate func storedBytes() throws(Diagnostic) -> Int? {
    guard let tensor, let shape = tensor.knownShape else { return nil }
    let count = try Tensor.elementCount(of: shape)
    guard tensor.dtype == .string else { return tensor.dtype.byteCount(of: count) ?? Int.max }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<String>.size)
    return overflow ? Int.max : bytes
  }
}
