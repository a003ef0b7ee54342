import LatheDiagnostics
import LatheIR
import LatheTensors

/// Every `step`-th entry from `start` up to `end` on some axes; positions outside are clamped, negative ones count from
/// the back.
public struct Slice: Evaluable, ShapeArithmetic, AttributeFree {
  public static let schema = OperatorSchema(
    "Slice", since: 13,
    inputs: [
      .init("data", "T", .movable), .init("starts", "Tind", .indices), .init("ends", "Tind", .indices),
      .init("axes", "Tind", .indices, .optional), .init("steps", "Tind", .indices, .optional),
    ],
    outputs: [.init("output", "T", .movable)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    let count = try cutCount(inputs)
    guard var shape = type.shape else { return [.tensor(type)] }
    guard let count, let axes = try axes(inputs, count: count, rank: shape.count) else {
      return [.tensor(TensorType(type.dtype, .unknown(shape.count)))]
    }
    let starts = try inputs.optional(1)?.vector("list of starts")
    let ends = try inputs.optional(2)?.vector("list of ends")
    let steps = try steps(inputs, count: count)
    for (position, axis) in axes.enumerated() {
      guard let starts, let ends, let step = steps?[position] else {
        shape[axis] = .unknown
        continue
      }
      shape[axis] = SliceRange.extent(shape[axis], from: starts[position], to: ends[position], step: step)
    }
    return [.tensor(TensorType(type.dtype, shape))]
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard let data = inputs.optional(0), data.type.tensor?.rank == 1, let elements = data.followed,
      let range = try? ranges(inputs, shape: [elements.count])?.first
    else { return [nil] }
    return [range.positions.map { elements[$0] }]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let data = try inputs.required(0)
    let operands = inputs.map { $0.map { Operand($0) } }
    guard let ranges = try ranges(operands, shape: data.shape) else {
      throw Diagnostic("operator/inconsistent", .internalFault, "Slice cannot tell its constant positions")
    }
    var layout = StridedLayout(contiguous: data.shape)
    for (axis, range) in ranges.enumerated() {
      layout.shape[axis] = range.count
      guard range.count > 0 else { continue }
      layout.offset += range.start * layout.strides[axis]
      layout.strides[axis] *= range.count == 1 ? 1 : range.step
    }
    return [try data.gathered(by: layout)]
  }

  /// One range for each axis of a tensor of `shape`; nil if positions are not all numbers.
  func ranges(_ inputs: [Operand?], shape: [Int]) throws(Diagnostic) -> [SliceRange]? {
    guard let count = try cutCount(inputs), let axes = try axes(inputs, count: count, rank: shape.count),
      let starts = try inputs.optional(1)?.numbers("list of starts"),
      let ends = try inputs.optional(2)?.numbers("list of ends"), let steps = try steps(inputs, count: count)
    else { return nil }
    var result = shape.map { SliceRange(extent: $0, from: 0, to: $0, step: 1) }
    for (position, axis) in axes.enumerated() {
      result[axis] = SliceRange(extent: shape[axis], from: starts[position], to: ends[position], step: steps[position])
    }
    return result
  }

  /// On how many axes something is cut off; nil if not known.
  func cutCount(_ inputs: [Operand?]) throws(Diagnostic) -> Int? {
    var lengths: [Int] = []
    for (position, role) in [(1, "starts"), (2, "ends"), (3, "axes"), (4, "steps")] {
      guard let operand = inputs.optional(position) else { continue }
      if let length = try operand.vector("list of \(role)")?.count ?? operand.vectorLength { lengths.append(length) }
    }
    guard Set(lengths).count <= 1 else {
      throw .invalid("operator/slice", "the lists of starts, ends, axes and steps differ in length: \(lengths)")
    }
    return lengths.first
  }

  /// The axes that are cut; nil if not known.
  func axes(_ inputs: [Operand?], count: Int, rank: Int) throws(Diagnostic) -> [Int]? {
    guard let operand = inputs.optional(3) else {
      guard count <= rank else { throw .invalid("operator/slice", "\(count) axes are cut, but there are only \(rank)") }
      return Array(0..<count)
    }
    guard let given = try operand.numbers("list of axes") else { return nil }
    _ = try normalized(axes: given, rank: rank)
    return given.map { $0 < 0 ? $0 + rank : $0 }
  }

  /// The steps; nil if not known.
  private func steps(_ inputs: [Operand?], count: Int) throws(Diagnostic) -> [Int]? {
    guard let operand = inputs.optional(4) else { return Array(repeating: 1, count: count) }
    let steps = try operand.numbers("list of steps")
    if let steps, steps.contains(0) { throw .invalid("operator/slice", "a step of Slice is 0") }
    return steps
  }
}
