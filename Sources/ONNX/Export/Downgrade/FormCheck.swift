import LatheDiagnostics
import LatheIR
import LatheTensors
import OrderedCollections

extension Lowering {
  /// Holds the node, and those around it, against the versions in force, and drops attributes that only say a later
  /// default.
  ///
  /// - Throws: `onnx/opset` with what that version does not have.
  mutating func check() throws(Diagnostic) {
    try check(&form)
    for index in before.indices { try check(&before[index]) }
    for index in after.indices { try check(&after[index]) }
  }

  /// An operator that Lathe does not know means what its own version of the operator set says.
  func checkBound(_ opaque: OpaqueOperator) throws(Diagnostic) {
    guard opaque.name.isStandard, opaque.version != opset else { return }
    guard let history = OperatorHistory.of(opaque.name.name), let own = history.version(at: opaque.version),
      ONNXVersions.opset.contains(opaque.version)
    else {
      throw cannot("Lathe does not know this operator, so it stays at the opset it came with, \(opaque.version)")
    }
    guard own.since == history.version(at: opset)?.since else {
      throw cannot("Lathe cannot convert this operator from opset \(opaque.version), where its form is another")
    }
  }

  /// Operators that ONNX Runtime has put into the standard domain; they are the same in every operator set.
  private static let runtimeOperators: Set<String> = ["SimplifiedLayerNormalization"]

  private func check(_ form: inout NodeForm) throws(Diagnostic) {
    guard !Self.runtimeOperators.contains(form.op.name) else { return }
    guard let history = OperatorHistory.of(form.op.name) else { throw cannot("ONNX has no such operator") }
    guard let version = history.version(at: opset) else {
      throw cannot("the operator exists since opset \(history.versions.first?.since ?? 0)")
    }
    guard !version.isDeprecated else { throw cannot("the operator was removed at opset \(version.since)") }
    try checkAttributes(&form, version, history)
    try check(form.inputs, version.inputs, version.inputCount, version, "input")
    try check(form.outputs, version.outputs, version.outputCount, version, "output")
    try checkTypes(form, version)
  }

  private func checkAttributes(
    _ form: inout NodeForm, _ version: OperatorVersion, _ history: OperatorHistory
  ) throws(Diagnostic) {
    for (name, value) in form.attributes.values where version.attributes[name] == nil {
      guard let text = value.scalarText, text == history.newestDefault(of: name) else {
        throw cannot("it has no attribute \(name) there")
      }
      form.attributes[name] = nil
    }
    for name in version.attributes.keys.sorted() where version.attributes[name] == .required {
      guard form.attributes[name] != nil else { throw cannot("it needs the attribute \(name) there") }
    }
    for later in Downgrade.laterValues[form.op.name] ?? [] where later.since > opset {
      guard form.attributes[later.attribute] != .string(later.value) else {
        throw cannot("\(later.attribute) = \"\(later.value)\" exists since opset \(later.since)")
      }
    }
  }

  private func check(
    _ operands: [NodeForm.Operand?], _ formals: [OperatorVersion.Operand], _ count: ClosedRange<Int>,
    _ version: OperatorVersion, _ kind: String
  ) throws(Diagnostic) {
    guard operands.count <= count.upperBound || OperatorVersion.operand(formals, at: operands.count - 1) != nil else {
      throw cannot("it has at most \(count.upperBound) \(kind)s there, but \(operands.count) are used")
    }
    guard operands.count >= count.lowerBound else {
      throw cannot("it needs \(count.lowerBound) \(kind)s there, but \(operands.count) are used")
    }
    for (position, operand) in operands.enumerated() where operand == nil {
      guard let formal = OperatorVersion.operand(formals, at: position), formal.arity == .required, kind == "input"
      else { continue }
      throw cannot("\(kind) \(position) cannot be left out there")
    }
  }

  /// Every operand whose type is known is of a type that the version takes, and equal variables are of equal types.
  private func checkTypes(_ form: NodeForm, _ version: OperatorVersion) throws(Diagnostic) {
    var bound: [Int: ValueType] = [:]
    let operands =
      form.inputs.enumerated().map { ($1, OperatorVersion.operand(version.inputs, at: $0)) }
      + form.outputs.enumerated().map { ($1, OperatorVersion.operand(version.outputs, at: $0)) }
    for (operand, formal) in operands {
      guard let type = type(operand)?.elementType, let formal, formal.set < version.sets.count else { continue }
      guard version.sets[formal.set].contains(type) else { throw cannot("it does not take \(type.elementName) there") }
      guard formal.arity != .mixed else { continue }
      if let other = bound[formal.set], other != type {
        throw cannot("\(other.elementName) and \(type.elementName) cannot come together there")
      }
      bound[formal.set] = type
    }
  }
}

extension Attribute {
  /// An integer or string as the table of versions writes defaults.
  fileprivate var scalarText: String? {
    switch self {
    case .integer(let value): String(value)
    case .string(let text): text
    default: nil
    }
  }
}

extension ValueType {
  /// The type without shapes; nil for those that no standard operator is declared with.
  fileprivate var elementType: ValueType? {
    switch self {
    case .tensor(let tensor): .tensor(TensorType(tensor.dtype, nil))
    case .sequence(let element): element.elementType.map { .sequence($0) }
    case .optional(let element): element.elementType.map { .optional($0) }
    case .sparseTensor, .map, .opaque: nil
    }
  }

  /// The type as a message names it: the element type for a tensor.
  fileprivate var elementName: String {
    guard case .tensor(let tensor) = self else { return description }
    return tensor.dtype.name
  }
}
