import LatheDiagnostics
import LatheIR
import LatheTensors

/// Forms from before version 7 of the operator set.
extension Upgrades {
  /// Operators that said before version 6 which inputs' memory they may use.
  static let consumers = [
    "Abs", "Add", "BatchNormalization", "Ceil", "Clip", "Div", "Dropout", "Elu", "Exp", "Floor", "HardSigmoid",
    "InstanceNormalization",
    "LeakyRelu", "Log", "Max", "Mean", "Min", "Mul", "Neg", "PRelu", "Reciprocal", "Relu", "Reshape", "Selu", "Sigmoid",
    "Sqrt", "Sub",
    "Sum", "Tanh",
  ]

  static func consumedInputs(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    draft.attributes["consumed_inputs"] = nil
  }

  /// Before version 7 the second operand was laid against the first from an axis on.
  static func broadcast(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    let broadcasts = try draft.attributes.flag("broadcast", default: false)
    let axis = try draft.attributes.integer("axis")
    draft.attributes["broadcast"] = nil
    draft.attributes["axis"] = nil
    guard broadcasts, let axis else { return }
    guard let rank = context.type(of: draft.input(0))?.rank, let own = context.type(of: draft.input(1))?.rank else {
      return context.reader.keep(&draft, because: "the ranks of its operands are not known")
    }
    let first = axis < 0 ? axis + rank : axis
    guard first >= 0, first + own <= rank else {
      throw .invalid(
        "operator/axis", "an operand of rank \(own) does not fit a tensor of rank \(rank) from axis \(axis) on")
    }
    try context.append(axes: rank - first - own, toInput: 1, of: &draft)
  }

  /// Before version 7 a vector of slopes was one for each channel.
  static func channelSlope(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    guard let slope = context.type(of: draft.input(1)), slope.rank == 1, slope.knownShape != [1] else { return }
    guard let rank = context.type(of: draft.input(0))?.rank else {
      return context.reader.keep(&draft, because: "the rank of its input is not known")
    }
    try context.append(axes: max(0, rank - 2), toInput: 1, of: &draft)
  }

  static func gemm(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    draft.attributes["broadcast"] = nil
  }

  /// Element types by name, as Cast gave them before version 6.
  private static let typeNames: [String: DType] = [
    "FLOAT": .float32, "UINT8": .uint8, "INT8": .int8, "UINT16": .uint16, "INT16": .int16, "INT32": .int32,
    "INT64": .int64,
    "STRING": .string, "BOOL": .bool, "FLOAT16": .float16, "DOUBLE": .float64, "UINT32": .uint32, "UINT64": .uint64,
    "COMPLEX64": .complex64, "COMPLEX128": .complex128,
  ]

  static func castByName(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    guard case .string(let name)? = draft.attributes["to"] else { return }
    guard let dtype = typeNames[name.uppercased()] else {
      throw .invalid("operator/attribute-value", "to = \"\(name)\" is no element type of ONNX")
    }
    draft.attributes.set("to", dtype)
  }

  /// Before version 4 the axis had a default.
  static func concat(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    if draft.attributes["axis"] == nil { draft.attributes.set("axis", 1) }
  }

  /// At version 1 the exponent of the norm was a float.
  static func integerNorm(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    guard case .float(let exponent)? = draft.attributes["p"] else { return }
    guard let whole = Int(exactly: exponent) else {
      return context.reader.keep(&draft, because: "an exponent of \(exponent) has no newer form")
    }
    draft.attributes.set("p", whole)
  }

  /// At version 1 the attribute was named otherwise.
  static func paddings(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    guard draft.attributes["pads"] == nil else { return }
    draft.attributes["pads"] = draft.attributes["paddings"]
    draft.attributes["paddings"] = nil
  }

  /// `shape` of Reshape.
  static func reshape(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    guard let shape = try draft.attributes.integers("shape") else { return }
    draft.attributes["shape"] = nil
    draft.setInput(1, try context.add(shape, as: "shape", for: draft))
  }

  /// Before version 6 the defaults had fewer digits.
  static func selu(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    if draft.attributes["alpha"] == nil { draft.attributes.set("alpha", Float(1.6732)) }
    if draft.attributes["gamma"] == nil { draft.attributes.set("gamma", Float(1.0507)) }
  }

  /// At version 1 Tile repeated one axis.
  static func tile(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    guard let rank = context.type(of: draft.input(0))?.rank,
      let count = context.constant(draft.input(1))?.doubles()?.first,
      let axis = context.constant(draft.input(2))?.doubles()?.first, let repeats = Int(exactly: count),
      let position = Int(exactly: axis),
      position >= 0, position < rank
    else { return context.reader.keep(&draft, because: "the axis or the number of repetitions is not known") }
    var list = [Int](repeating: 1, count: rank)
    list[position] = repeats
    draft.inputs = [draft.input(0), try context.add(list, as: "repeats", for: draft)]
  }

  /// Before version 7 an attribute told whether all states are an output; now the output is there or not.
  static func recurrentOutputs(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    draft.attributes["output_sequence"] = nil
  }
}

extension UpgradeContext {
  /// Gives an input further axes of extent 1 behind its own.
  fileprivate func append(axes count: Int, toInput position: Int, of draft: inout NodeDraft) throws(Diagnostic) {
    guard count > 0, let rank = type(of: draft.input(position))?.rank else { return }
    if let constant = constant(draft.input(position)) {
      let wide = try constant.reshaped(to: constant.shape + Array(repeating: 1, count: count))
      return draft.setInput(position, try add(wide, as: "wide", for: draft))
    }
    let axes = try add(Array(rank..<rank + count), as: "axes", for: draft)
    draft.setInput(position, try add("Unsqueeze", [draft.input(position), axes], as: "wide", for: draft))
  }
}
