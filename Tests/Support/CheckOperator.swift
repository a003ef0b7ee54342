import LatheDiagnostics
import LatheIR
import LatheTensors
import Testing

/// Holds an operator to the laws that all operators share, on given inputs.
///
/// - its attributes come back from the codec unchanged, and the schema knows them;
/// - inference on the inputs as constants tells the exact types that evaluation gives;
/// - inference on types with symbols, unknown dimensions and unknown ranks in their place agrees with them, and refuses none;
/// - shape arithmetic agrees with evaluation;
/// - dropping an index before the operator gives what dropping it behind gives, as its axis map says;
/// - the outputs are `expected`, as far as those are given.
@discardableResult
public func checkOperator(
  _ op: any Evaluable, inputs: [Tensor?], expected: [Tensor?]? = nil, tolerance: Tolerance = .exact,
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> [Tensor] {
  let name = op.name
  let attributes = op.attributes
  try type(of: op).schema.check(attributes)
  let copy = try type(of: op).init(decoding: attributes)
  #expect(copy.attributes == attributes, "\(name): attributes do not come back", sourceLocation: sourceLocation)

  let outputs = try copy.evaluateChecked(inputs, limits: ResourceLimits())
  let types = try op.infer(inputs.map { $0.map { Operand($0) } })
  #expect(
    types.count == outputs.count, "\(name): inference and evaluation differ in outputs", sourceLocation: sourceLocation)
  for (output, type) in zip(outputs, types) {
    #expect(
      type == .tensor(TensorType(of: output)), "\(name): inferred \(type), evaluated \(TensorType(of: output))",
      sourceLocation: sourceLocation)
  }
  if let expected {
    #expect(expected.count <= outputs.count, "\(name) gives too few outputs", sourceLocation: sourceLocation)
    for case (let output, let wanted?) in zip(outputs, expected) {
      let difference = output.difference(from: wanted, tolerance)
      #expect(difference == nil, "\(name): \(difference ?? "")", sourceLocation: sourceLocation)
    }
  }
  for vagueness in Vagueness.allCases {
    for keepsConstants in [true, false] {
      let disguise = Disguise(vagueness, keepsConstants: keepsConstants)
      let problem = disguise.problem(of: op, inputs, outputs)
      #expect(problem == nil, "\(name), \(vagueness): \(problem ?? "")", sourceLocation: sourceLocation)
    }
  }
  if let mapping = op as? any Evaluable & AxisMapping {
    let problem = try AxisProof(op: mapping, inputs: inputs, outputs: outputs, tolerance: tolerance).problem()
    #expect(problem == nil, "\(name), axes: \(problem ?? "")", sourceLocation: sourceLocation)
  }
  return outputs
}

/// What inference is told of the inputs' extents.
enum Vagueness: CaseIterable {
  /// The numbers, but not the contents.
  case concrete
  /// One symbol for all axes of the same extent.
  case sharedSymbols
  /// A symbol for every axis.
  case separateSymbols
  case unknownDimensions
  case unknownRanks
}

/// Operands made from tensors by hiding some of what is known about them.
struct Disguise {
  let vagueness: Vagueness
  /// Whether short vectors of integers, which are mostly shapes and axes, stay known.
  let keepsConstants: Bool

  init(_ vagueness: Vagueness, keepsConstants: Bool) {
    self.vagueness = vagueness
    self.keepsConstants = keepsConstants
  }

  /// Where inference or shape arithmetic contradicts the outputs; nil if nowhere.
  func problem(of op: any Evaluable, _ inputs: [Tensor?], _ outputs: [Tensor]) -> String? {
    var bindings: [String: Int] = [:]
    let operands = inputs.enumerated().map { position, tensor in
      tensor.map { operand($0, position, &bindings) }
    }
    let types: [ValueType]
    do {
      types = try op.infer(operands)
    } catch {
      return "refuses what can be evaluated: \(error.message)"
    }
    for (output, type) in zip(outputs, types) {
      guard let tensor = type.tensor, tensor.dtype == output.dtype else {
        return "inferred \(type) for \(output.dtype)"
      }
      guard let shape = tensor.shape else { continue }
      let contradicts = zip(shape, output.shape).contains { inferred, actual in
        inferred.evaluated(bindings).map { $0 != actual } ?? false
      }
      if contradicts || shape.count != output.rank { return "inferred \(type) for \(output.shape) with \(bindings)" }
    }
    guard let arithmetic = op as? any ShapeArithmetic else { return nil }
    return elementProblem(arithmetic.elements(operands), outputs, bindings)
  }

  private func elementProblem(_ followed: [[Dimension]?], _ outputs: [Tensor], _ bindings: [String: Int]) -> String? {
    for case (let elements?, let output) in zip(followed, outputs) {
      guard let actual = output.integers() ?? output.codes.map({ $0.map(Int.init) }) else {
        return "follows \(output.dtype)"
      }
      let agrees = zip(elements, actual).allSatisfy { followed, number in
        followed.evaluated(bindings).map { $0 == number } ?? true
      }
      if !agrees || elements.count != actual.count {
        return "follows \(elements) where the elements are \(actual) with \(bindings)"
      }
    }
    return nil
  }

  private func operand(_ tensor: Tensor, _ position: Int, _ bindings: inout [String: Int]) -> Operand {
    let isShort = tensor.rank <= 1 && tensor.elementCount <= Operand.maximumElements && tensor.dtype.isInteger
    if keepsConstants, isShort { return Operand(tensor) }
    if vagueness == .unknownRanks { return Operand(type: .tensor(TensorType(tensor.dtype, nil))) }
    let shape = tensor.shape.enumerated().map { axis, extent in
      dimension(extent, "x\(position)_\(axis)", &bindings)
    }
    return Operand(type: .tensor(TensorType(tensor.dtype, shape)))
  }

  /// Empty axes keep their number, since a symbol stands for an extent of at least 1.
  private func dimension(_ extent: Int, _ name: String, _ bindings: inout [String: Int]) -> Dimension {
    let symbol = vagueness == .sharedSymbols ? "d\(extent)" : name
    switch vagueness {
    case .concrete: return .known(extent)
    case .sharedSymbols, .separateSymbols:
      guard extent > 0 else { return .known(0) }
      bindings[symbol] = extent
      return .symbol(symbol)
    case .unknownDimensions, .unknownRanks: return .unknown
    }
  }
}
