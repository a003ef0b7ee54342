import LatheDiagnostics
import LatheIR
import LatheTensors

/// Operators that take a tensor apart or enlarge it, whose inputs were attributes.
enum ShapeDowngrades {
  static let table: [String: [Downgrade]] = [
    "Slice": [Downgrade(11, sliceFromFront), Downgrade(10, slice)],
    "Split": [
      Downgrade(18, splitByCount), Downgrade(13, splitToAttribute),
      Downgrade(11) { (node) throws(Diagnostic) in try node.countFromFront("axis") },
    ],
    "Pad": [Downgrade(18, padEveryAxis), Downgrade(11, padToAttributes)],
    "TopK": [Downgrade(10, topK)],
    "ScatterElements": [Downgrade(11) { (node) throws(Diagnostic) in node.form.op = OperatorName("Scatter") }],
    "Scan": [Downgrade(9) { (node) throws(Diagnostic) in throw node.cannot("it has a batch axis of its own there") }],
  ]

  @Sendable private static func sliceFromFront(_ node: inout Lowering) throws(Diagnostic) {
    guard let operand = node.input(3), let axes = node.constant(operand)?.integers() else { return }
    guard axes.contains(where: { $0 < 0 }) else { return }
    let counted = try node.countedFromFront(axes).map { Int64($0) }
    node.setInput(3, to: node.make("axes", try Tensor(counted, shape: [counted.count])))
  }

  @Sendable private static func slice(_ node: inout Lowering) throws(Diagnostic) {
    if let steps = try node.integers(4, "list of steps"), steps.contains(where: { $0 != 1 }) {
      throw node.cannot("it has no steps there")
    }
    guard let starts = try node.integers(1, "list of starts"), let ends = try node.integers(2, "list of ends") else {
      return
    }
    let axes = try node.integers(3, "list of axes")
    node.form.inputs = Array(node.form.inputs.prefix(1))
    node.form.attributes.set("starts", starts)
    node.form.attributes.set("ends", ends)
    if let axes { node.form.attributes.set("axes", try node.countedFromFront(axes)) }
  }

  /// Before 18 a number of parts is not said; the parts are equal, or all lengths are given.
  @Sendable private static func splitByCount(_ node: inout Lowering) throws(Diagnostic) {
    guard let count = try node.form.attributes.integer("num_outputs") else { return }
    node.form.attributes["num_outputs"] = nil
    let axis = try node.form.attributes.integer("axis", default: 0)
    guard count > 0, let shape = node.type(node.input(0))?.tensor?.shape, axis >= -shape.count, axis < shape.count
    else {
      throw node.cannot("the length of its parts must be known there")
    }
    let dimension = shape[axis < 0 ? axis + shape.count : axis]
    if dimension.exactlyDivided(by: .known(count)) != nil { return }
    guard let extent = dimension.known else { throw node.cannot("the length of its parts must be known there") }
    let part = (extent + count - 1) / count
    let lengths = (0..<count).map { Int64(max(0, min(part, extent - $0 * part))) }
    node.setInput(1, to: node.make("split", try Tensor(lengths, shape: [count])))
  }

  @Sendable private static func splitToAttribute(_ node: inout Lowering) throws(Diagnostic) {
    guard let lengths = try node.integers(1, "list of lengths") else { return }
    node.setInput(1, to: nil)
    node.form.attributes.set("split", lengths)
  }

  /// Before 18 the pads are of all axes.
  @Sendable private static func padEveryAxis(_ node: inout Lowering) throws(Diagnostic) {
    guard let axes = try node.integers(3, "list of axes") else { return }
    guard let rank = node.rank() else { throw node.cannot("it pads all axes there, and the rank is not known") }
    guard let given = try node.integers(1, "list of pads"), given.count == 2 * axes.count else {
      throw node.cannot("its pads do not fit its axes")
    }
    var pads = [Int64](repeating: 0, count: 2 * rank)
    for (index, axis) in axes.enumerated() {
      let position = axis < 0 ? axis + rank : axis
      guard position >= 0, position < rank else {
        throw node.cannot("the axis \(axis) is outside a tensor of rank \(rank)")
      }
      pads[position] = Int64(given[index])
      pads[position + rank] = Int64(given[index + axes.count])
    }
    node.setInput(3, to: nil)
    node.setInput(1, to: node.make("pads", try Tensor(pads, shape: [pads.count])))
  }

  @Sendable private static func padToAttributes(_ node: inout Lowering) throws(Diagnostic) {
    guard let pads = try node.integers(1, "list of pads") else { return }
    let value = try node.float(2, "value")
    node.form.inputs = Array(node.form.inputs.prefix(1))
    node.form.attributes.set("pads", pads)
    if let value { node.form.attributes.set("value", value) }
  }

  @Sendable private static func topK(_ node: inout Lowering) throws(Diagnostic) {
    guard let k = try node.integers(1, "K")?.first else { return }
    node.setInput(1, to: nil)
    node.form.attributes.set("k", k)
  }
}

extension Lowering {
  /// The one element of an input that the older form has as a float attribute; nil if it is left out.
  ///
  /// - Throws: that it is computed, or that a float cannot hold it.
  func float(_ position: Int, _ what: String) throws(Diagnostic) -> Float? {
    guard let operand = input(position) else { return nil }
    guard let number = constant(operand)?.doubles()?.first else {
      throw cannot("its \(what) must be constant there, but is computed")
    }
    let float = Float(number)
    guard Double(float) == number || number.isNaN else {
      throw cannot("its \(what) \(number) does not fit a float attribute")
    }
    return float
  }
}
