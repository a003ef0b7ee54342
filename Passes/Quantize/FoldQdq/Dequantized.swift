import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// What is left out, and why.
struct Refusal: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// What a DequantizeLinear reads.
struct Dequantized {
  let codes: ValueID
  let scale: ValueID
  let zeroPoint: ValueID?
  let axis: Int
  let dtype: DType

  /// nil for a value that no DequantizeLinear to 32-bit floats makes, or one in blocks.
  init?(_ value: ValueID?, _ graph: Graph) {
    guard let value, graph[value].type?.tensor?.dtype ?? .float32 == .float32, let node = graph.producer(of: value)
    else { return nil }
    switch node.op {
    case let op as DequantizeLinear where op.blockSize == 0: axis = op.axis
    case let op as MicrosoftDequantizeLinear: axis = op.axis
    default: return nil
    }
    guard let codes = node.inputs[0], let scale = node.inputs[1], let dtype = graph[codes].type?.tensor?.dtype else {
      return nil
    }
    (self.codes, self.scale, self.dtype) = (codes, scale, dtype)
    zeroPoint = node.inputs.count > 2 ? node.inputs[2] : nil
  }

  /// Whether one scale is that of all elements.
  func isPerTensor(_ graph: Graph) -> Bool { graph.holdsOneNumber(scale) }

  /// A DequantizeLinear that is bound to a name; for patterns.
  static func pattern(_ name: String) -> Pattern {
    let operands: [Pattern] = [
      .value("\(name) codes"), .value("\(name) scale"), .optional(.value("\(name) zero point")),
    ]
    return .either([
      .node(NodePattern(DequantizeLinear.self, operands, name: name)),
      .node(NodePattern(MicrosoftDequantizeLinear.self, operands, name: name)),
    ])
  }

  static let bytes: [DType] = [.int8, .uint8]
}

extension Graph {
  /// Whether a value is known to be one element.
  func holdsOneNumber(_ value: ValueID) -> Bool {
    guard let shape = shape(value) else { return false }
    return shape.allSatisfy { $0 == 1 }
  }

  /// Whether two operands are the same value or constants of the same contents.
  func isSame(_ one: ValueID?, _ other: ValueID?) -> Bool {
    if one == other { return true }
    guard let left = constant(one), let right = constant(other) else { return false }
    return left == right
      || left.elementCount == 1 && right.elementCount == 1 && left.dtype == right.dtype
        && left.doubles() == right.doubles()
  }

  /// The contents of a constant vector of floats, one for each of so many columns, or of what a DequantizeLinear makes of constants.
  func vector(_ value: ValueID?, columns: Int) -> Tensor? {
    guard let tensor = constant(value) ?? dequantizedConstant(value), tensor.dtype == .float32,
      tensor.elementCount == columns,
      tensor.shape.last == columns || columns == 1
    else { return nil }
    return try? tensor.reshaped(to: [columns])
  }

  private func dequantizedConstant(_ value: ValueID?) -> Tensor? {
    guard let value, Dequantized(value, self) != nil, let node = producer(of: value), let op = node.op as? any Evaluable
    else { return nil }
    let operands = node.inputs.map { constant($0) }
    guard zip(operands, node.inputs).allSatisfy({ $0 != nil || $1 == nil }) else { return nil }
    return try? op.evaluate(operands).first
  }
}

extension RewriteSite {
  /// A constant vector: the value itself where it is one already.
  func vector(_ value: ValueID, _ tensor: Tensor, in graph: inout Graph) throws(Diagnostic) -> ValueID {
    graph.constant(value) == tensor ? value : try constant("\(graph[value].name).vector", tensor, in: &graph)
  }

  /// A value of one element without axes.
  ///
  /// - Throws: what Reshape throws.
  func number(_ value: ValueID, in graph: inout Graph) throws(Diagnostic) -> ValueID {
    if let shape = graph.shape(value), shape.isEmpty { return value }
    if let tensor = graph.constant(value) {
      return try constant("\(graph[value].name).number", try tensor.reshaped(to: []), in: &graph)
    }
    let shape = try constant("shape", try Tensor([Int64](), shape: [0]), in: &graph)
    return try add(Reshape(), [value, shape], to: &graph)
  }
}
