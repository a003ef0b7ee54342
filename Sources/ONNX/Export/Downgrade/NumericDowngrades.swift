import LatheDiagnostics
import LatheIR
import LatheTensors

/// Arithmetic whose operands were attributes, or were not optional.
enum NumericDowngrades {
  static let table: [String: [Downgrade]] = [
    "Clip": [Downgrade(11, clip)],
    "GreaterOrEqual": [
      Downgrade(12) { (node) throws(Diagnostic) in node.compare(strictly: "Greater", converse: "Less") }
    ],
    "LessOrEqual": [Downgrade(12) { (node) throws(Diagnostic) in node.compare(strictly: "Less", converse: "Greater") }],
    "Dropout": [Downgrade(12, dropout)],
    "Gemm": [Downgrade(11, gemm)],
    "GroupNormalization": [
      Downgrade(21) { (node) throws(Diagnostic) in
        throw node.cannot("its scale is one for each group there, not for each channel")
      }
    ],
    "QuantizeLinear": [Downgrade(13, wholeTensor)],
    "DequantizeLinear": [Downgrade(13, wholeTensor)],
  ]

  @Sendable private static func clip(_ node: inout Lowering) throws(Diagnostic) {
    let low = try node.float(1, "minimum")
    let high = try node.float(2, "maximum")
    node.form.inputs = Array(node.form.inputs.prefix(1))
    if let low { node.form.attributes.set("min", low) }
    if let high { node.form.attributes.set("max", high) }
  }

  /// Before 12 whether a model is trained is not said by the node; exported models are not.
  @Sendable private static func dropout(_ node: inout Lowering) throws(Diagnostic) {
    if let mode = node.input(2) {
      guard let isTraining = node.constant(mode)?.elements(as: Bool.self)?.first, !isTraining else {
        throw node.cannot("it has no training mode there")
      }
    }
    let ratio = try node.float(1, "ratio")
    node.form.inputs = Array(node.form.inputs.prefix(1))
    node.form.attributes["seed"] = nil
    if let ratio { node.form.attributes.set("ratio", ratio) }
  }

  @Sendable private static func gemm(_ node: inout Lowering) throws(Diagnostic) {
    guard node.input(2) == nil else { return }
    guard let dtype = node.type(node.input(0))?.tensor?.dtype, dtype != .string else {
      throw node.cannot("it needs a third operand there, and the element type is not known")
    }
    // Memory of a new tensor is zero.
    let zero = try Tensor(dtype: dtype, shape: [1]) { _ in }
    node.setInput(2, to: node.make("zero", zero))
  }

  /// Before 13 there is one scale for the whole tensor.
  @Sendable private static func wholeTensor(_ node: inout Lowering) throws(Diagnostic) {
    guard let shape = node.type(node.input(1))?.tensor?.shape, shape.isEmpty || shape == [.known(1)] else {
      throw node.cannot("it has one scale for the whole tensor there")
    }
    node.form.attributes["axis"] = nil
  }
}

extension Lowering {
  /// Says an inclusive comparison with strict ones: integers as not the converse, floats as one or equal, since NaN is
  /// neither.
  fileprivate mutating func compare(strictly strict: String, converse: String) {
    let result = ValueType.tensor(TensorType(.bool, nil))
    func node(_ name: String, _ output: NodeForm.Operand) -> NodeForm {
      NodeForm(op: OperatorName(name), attributes: Attributes(), inputs: form.inputs, outputs: [output])
    }
    if type(input(0))?.tensor?.dtype.isInteger == true {
      let other = make("converse", type: result)
      before.append(node(converse, other))
      form = NodeForm(op: OperatorName("Not"), attributes: Attributes(), inputs: [other], outputs: form.outputs)
      return
    }
    let isStrict = make("strict", type: result)
    let isEqual = make("equal", type: result)
    before += [node(strict, isStrict), node("Equal", isEqual)]
    form = NodeForm(
      op: OperatorName("Or"), attributes: Attributes(), inputs: [isStrict, isEqual], outputs: form.outputs)
  }
}
