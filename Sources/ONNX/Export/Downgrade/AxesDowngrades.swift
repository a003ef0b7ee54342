import LatheDiagnostics
import LatheIR
import LatheTensors

/// Axes: an input that was an attribute, and negative ones, which operator sets before 11 do not have.
enum AxesDowngrades {
  static let table: [String: [Downgrade]] = {
    var table: [String: [Downgrade]] = [
      "Squeeze": [
        Downgrade(13, axesToAttribute), Downgrade(11) { (node) throws(Diagnostic) in try node.countFromFront("axes") },
      ],
      "Unsqueeze": [Downgrade(13, axesToAttribute), Downgrade(11, unsqueezeFromFront)],
      "Flatten": [Downgrade(11) { (node) throws(Diagnostic) in try node.countFromFront("axis") }],
      "Concat": [Downgrade(11) { (node) throws(Diagnostic) in try node.countFromFront("axis") }],
      "Compress": [Downgrade(11) { (node) throws(Diagnostic) in try node.countFromFront("axis") }],
      "ArgMax": [Downgrade(11) { (node) throws(Diagnostic) in try node.countFromFront("axis") }],
      "ArgMin": [Downgrade(11) { (node) throws(Diagnostic) in try node.countFromFront("axis") }],
      "DFT": [Downgrade(20, dft)],
    ]
    for name in ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"] {
      table["Reduce\(name)"] = [
        Downgrade(name == "Sum" ? 13 : 18, reduce),
        Downgrade(11) { (node) throws(Diagnostic) in try node.countFromFront("axes") },
      ]
    }
    for name in ["Softmax", "LogSoftmax", "Hardmax"] {
      table[name] = [
        Downgrade(13, softmax), Downgrade(11) { (node) throws(Diagnostic) in try node.countFromFront("axis") },
      ]
    }
    return table
  }()

  @Sendable private static func axesToAttribute(_ node: inout Lowering) throws(Diagnostic) {
    guard let axes = try node.integers(1, "list of axes") else { return }
    guard !axes.isEmpty else { throw node.cannot("an empty list of axes has another meaning there") }
    node.setInput(1, to: nil)
    node.form.attributes.set("axes", axes)
  }

  @Sendable private static func unsqueezeFromFront(_ node: inout Lowering) throws(Diagnostic) {
    let count = try node.form.attributes.integers("axes")?.count ?? 0
    try node.countFromFront("axes", addedAxes: count)
  }

  /// No axes mean all of them, unless the node says that they mean none.
  @Sendable private static func reduce(_ node: inout Lowering) throws(Diagnostic) {
    let axes = try node.integers(1, "list of axes") ?? []
    let mayReduceNothing = try node.form.attributes.flag("noop_with_empty_axes", default: false)
    if axes.isEmpty, mayReduceNothing {
      guard ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"].contains(node.form.op.name) else {
        throw node.cannot("a reduction over no axis cannot be said there")
      }
      node.form = NodeForm(
        op: OperatorName("Identity"), attributes: Attributes(), inputs: Array(node.form.inputs.prefix(1)),
        outputs: node.form.outputs)
      return
    }
    node.setInput(1, to: nil)
    node.form.attributes["noop_with_empty_axes"] = nil
    if !axes.isEmpty { node.form.attributes.set("axes", axes) }
  }

  /// Before 13 the tensor is flattened to a matrix at the axis, which is the same only for the last one; another is
  /// moved there.
  @Sendable private static func softmax(_ node: inout Lowering) throws(Diagnostic) {
    let axis = try node.form.attributes.integer("axis", default: -1)
    if axis == -1 {
      node.form.attributes.set("axis", -1)
      return
    }
    guard let rank = node.rank() else {
      throw node.cannot("its axis must be the last there, and the rank is not known")
    }
    let position = axis < 0 ? axis + rank : axis
    guard position >= 0, position < rank else {
      throw node.cannot("the axis \(axis) is outside a tensor of rank \(rank)")
    }
    node.form.attributes.set("axis", position == rank - 1 ? axis : rank - 1)
    guard position != rank - 1 else { return }
    var permutation = Array(0..<rank)
    permutation.swapAt(position, rank - 1)
    var transpose = Attributes()
    transpose.set("perm", permutation)
    let moved = node.make("moved", type: nil)
    let result = node.make("result", type: nil)
    let name = OperatorName("Transpose")
    node.before.append(NodeForm(op: name, attributes: transpose, inputs: node.form.inputs, outputs: [moved]))
    node.after.insert(NodeForm(op: name, attributes: transpose, inputs: [result], outputs: node.form.outputs), at: 0)
    node.form.inputs = [moved]
    node.form.outputs = [result]
  }

  @Sendable private static func dft(_ node: inout Lowering) throws(Diagnostic) {
    let axis = try node.integers(2, "axis")?.first ?? -2
    node.setInput(2, to: nil)
    node.form.attributes.set("axis", axis)
  }
}

extension Lowering {
  /// Replaces the negative axes of an attribute; they count from the back of the first input with `addedAxes` more.
  ///
  /// - Throws: that the rank is not known.
  mutating func countFromFront(_ attribute: String, addedAxes: Int = 0) throws(Diagnostic) {
    let isList = form.attributes[attribute]?.kind == .integers
    let given = try isList ? form.attributes.integers(attribute) : form.attributes.integer(attribute).map { [$0] }
    guard let given, given.contains(where: { $0 < 0 }) else { return }
    let counted = try countedFromFront(given, addedAxes: addedAxes)
    if isList { form.attributes.set(attribute, counted) } else { form.attributes.set(attribute, counted[0]) }
  }

  /// Axes without negative ones.
  func countedFromFront(_ axes: [Int], addedAxes: Int = 0) throws(Diagnostic) -> [Int] {
    guard axes.contains(where: { $0 < 0 }) else { return axes }
    // A node put before this one keeps the rank.
    let source = before.first?.inputs.first ?? form.inputs.first ?? nil
    guard let rank = type(source)?.tensor?.rank else {
      throw cannot("it takes no negative axis there, and the rank of its input is not known")
    }
    let counted = axes.map { $0 < 0 ? $0 + rank + addedAxes : $0 }
    guard counted.allSatisfy({ $0 >= 0 }) else {
      throw cannot("an axis of \(axes) is outside a tensor of rank \(rank)")
    }
    return counted
  }
}
