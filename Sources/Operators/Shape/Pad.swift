import LatheDiagnostics
import LatheIR
import LatheTensors

/// The input with elements added before and after it on some axes; a negative number takes them away.
public struct Pad: Evaluable, ShapeArithmetic {
  /// Where the added elements come from.
  public enum Mode: String, Sendable, Hashable, CaseIterable {
    /// One value.
    case constant
    /// The input mirrored at its first and last elements, which are not repeated.
    case reflect
    /// The nearest element.
    case edge
    /// The input's other end.
    case wrap
  }

  public static let schema = OperatorSchema(
    "Pad", since: 25,
    inputs: [
      .init("data", "T", .movableWithPacked), .init("pads", "", .int64),
      .init("constant_value", "T", .movableWithPacked, .optional), .init("axes", "Tind", .indices, .optional),
    ],
    outputs: [.init("output", "T", .movableWithPacked)],
    attributes: ["mode": .string])

  public var mode: Mode

  public init(mode: Mode = .constant) { self.mode = mode }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    mode = try attributes.choice("mode", default: .constant)
  }

  public func encode(into attributes: inout Attributes) {
    if mode != .constant { attributes.set("mode", mode.rawValue) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard let shape = type.shape else { return [.tensor(type)] }
    guard let amounts = try amounts(inputs, rank: shape.count) else {
      return [.tensor(TensorType(type.dtype, .unknown(shape.count)))]
    }
    var result = shape
    for axis in shape.indices {
      result[axis] = try extent(shape[axis], amounts.before[axis], amounts.after[axis], type)
    }
    return [.tensor(TensorType(type.dtype, result))]
  }

  private func extent(
    _ extent: Dimension, _ before: Dimension, _ after: Dimension, _ type: TensorType
  ) throws(Diagnostic) -> Dimension {
    if let number = extent.known, let before = before.known, let after = after.known {
      let (sum, overflow) = before.addingReportingOverflow(after)
      let (total, beyond) = number.addingReportingOverflow(sum)
      // Each side is kept in range as well, so that positions can be computed without further checks.
      guard !overflow, !beyond, total >= 0, before > Int.min / 2, after > Int.min / 2 else {
        throw .invalid("operator/pad", "an axis of \(type) cannot be padded by \(before) and \(after)")
      }
      if total > 0, number + Swift.min(before, 0) + Swift.min(after, 0) <= 0, mode != .constant {
        throw .invalid("operator/pad", "an axis of \(type) has no elements to be padded with by \(mode.rawValue)")
      }
      return .known(total)
    }
    return extent + before + after
  }

  /// Amounts for every axis; nil if they are not told.
  private func amounts(
    _ inputs: [Operand?], rank: Int
  ) throws(Diagnostic) -> (before: [Dimension], after: [Dimension])? {
    var axes = Array(0..<rank)
    if let operand = inputs.optional(3) {
      guard let given = try operand.numbers("list of axes") else { return nil }
      _ = try normalized(axes: given, rank: rank)
      axes = given.map { $0 < 0 ? $0 + rank : $0 }
    }
    guard let operand = inputs.optional(1) else { throw .invalid("operator/inputs", "Pad needs its input pads") }
    let pads = try operand.vector("list of pads")
    if let length = pads?.count ?? operand.vectorLength, length != 2 * axes.count {
      throw .invalid("operator/pad", "\(length) pads are given for \(axes.count) axes, two for each are needed")
    }
    guard let pads else { return nil }
    var result = (before: [Dimension](repeating: 0, count: rank), after: [Dimension](repeating: 0, count: rank))
    for (position, axis) in axes.enumerated() {
      result.before[axis] = pads[position]
      result.after[axis] = pads[axes.count + position]
    }
    return result
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard mode == .constant, let data = inputs.optional(0), data.type.tensor?.rank == 1, let elements = data.followed,
      let amounts = try? amounts(inputs, rank: 1), let before = amounts.before[0].known,
      let after = amounts.after[0].known, let limit = Optional(Operand.maximumElements), (0...limit).contains(before),
      (0...limit).contains(after)
    else { return [nil] }
    guard let value = inputs.optional(2) == nil ? 0 : inputs.optional(2)?.followed?.first else { return [nil] }
    return [Array(repeating: value, count: before) + elements + Array(repeating: value, count: after)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let data = try inputs.required(0)
    guard let amounts = try amounts(inputs.map { $0.map { Operand($0) } }, rank: data.rank) else {
      throw Diagnostic("operator/inconsistent", .internalFault, "Pad cannot tell its constant amounts")
    }
    let fill = inputs.optional(2)
    if let fill, fill.elementCount != 1 {
      throw .invalid("operator/pad", "the value to pad with should be a single one, but has the shape \(fill.shape)")
    }
    let shape = try concreteShape(inputs)
    guard !shape.contains(0) else { return [try Tensor.zeros(data.dtype, shape)] }
    let runs = data.shape.indices.map { axis in
      self.runs(data.shape[axis], amounts.before[axis].known ?? 0, amounts.after[axis].known ?? 0)
    }
    return [try data.picked(runs, fill: fill)]
  }

  /// The positions of one axis; what is taken away goes first, the padding continues what is left.
  private func runs(_ extent: Int, _ before: Int, _ after: Int) -> [AxisRun] {
    let first = Swift.max(0, -before)
    let count = extent - first - Swift.max(0, -after)
    let (head, tail) = (Swift.max(0, before), Swift.max(0, after))
    guard count > 0 else { return [.fill(Swift.max(0, extent + before + after))] }
    switch mode {
    case .constant: return [.fill(head), .input(first, count), .fill(tail)]
    case .edge: return [.input(first, head, step: 0), .input(first, count), .input(first + count - 1, tail, step: 0)]
    case .wrap: return periodic(count, head, head + count + tail).map { .input(first + $0.start, $0.count) }
    case .reflect:
      guard count > 1 else { return [.input(first, head + count + tail, step: 0)] }
      return mirrored(first, count, head, head + count + tail)
    }
  }

  /// Cuts `total` positions, of which number `head` is at phase 0, into stretches that stay within one period.
  private func periodic(_ period: Int, _ head: Int, _ total: Int) -> [(start: Int, count: Int)] {
    var phase = (period - head % period) % period
    var left = total
    var result: [(start: Int, count: Int)] = []
    while left > 0 {
      let count = Swift.min(left, period - phase)
      result.append((phase, count))
      left -= count
      phase = 0
    }
    return result
  }

  /// A walk to the last element and back, for as long as needed.
  private func mirrored(_ first: Int, _ count: Int, _ head: Int, _ total: Int) -> [AxisRun] {
    let turn = count - 1
    return periodic(2 * turn, head, total).flatMap { stretch in
      let end = stretch.start + stretch.count
      var result: [AxisRun] = []
      if stretch.start < turn {
        result.append(.input(first + stretch.start, Swift.min(end, turn) - stretch.start))
      }
      if end > turn {
        let start = Swift.max(stretch.start, turn)
        result.append(.input(first + 2 * turn - start, end - start, step: -1))
      }
      return result
    }
  }
}

extension Pad: AxisMapping {
  /// An axis that gets further indices of one value has them as segments before and behind; what else changes is not explained.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let x = inputs.optional(0)?.type.tensor?.shape, let y = outputs.first?.shape, x.count == y.count,
      let amounts = try? amounts(inputs, rank: x.count)
    else { return nil }
    var map = AxisMap(inputs: inputs.count)
    var (before, after): ([AxisMap.Axis], [AxisMap.Axis]) = ([], [])
    for axis in x.indices {
      let sides = (amounts.before[axis].known, amounts.after[axis].known)
      guard let head = sides.0, let tail = sides.1, head >= 0, tail >= 0, mode == .constant || head == 0 && tail == 0 else {
        before.append(map.axis(x[axis], .normalized))
        after.append(map.axis(y[axis], .fresh))
        continue
      }
      let own = map.axis(x[axis])
      before.append(own)
      after.append((head > 0 ? map.axis(.known(head), .fresh) : []) + own + (tail > 0 ? map.axis(.known(tail), .fresh) : []))
    }
    map.inputs[0] = before
    map.outputs[0] = after
    return map
  }
}
