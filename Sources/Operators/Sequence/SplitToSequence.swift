import LatheDiagnostics
import LatheIR
import LatheTensors

/// A tensor cut along one axis into a sequence of parts.
///
/// Parts have the lengths that are given, or one length, except that the last may be shorter; without either they are single
/// entries, whose axis goes unless `keepsAxis`.
public struct SplitToSequence: DatumEvaluable {
  public static let schema = OperatorSchema(
    "SplitToSequence", since: 24,
    inputs: [.init("input", "T", .movable), .init("split", "I", .indices, .optional)],
    outputs: [.init("output_sequence", "S", .all)],
    attributes: ["axis": .integer, "keepdims": .integer])

  /// The axis that is cut; negative counts from the back.
  public var axis: Int
  /// Whether single entries keep the axis that is cut.
  public var keepsAxis: Bool

  public init(axis: Int = 0, keepsAxis: Bool = true) {
    self.axis = axis
    self.keepsAxis = keepsAxis
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: 0)
    keepsAxis = try attributes.flag("keepdims", default: true)
  }

  public func encode(into attributes: inout Attributes) {
    if axis != 0 { attributes.set("axis", axis) }
    if !keepsAxis { attributes.set("keepdims", false) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard var shape = type.shape else { return [.sequence(.tensor(type))] }
    let axis = try normalized(axis: axis, rank: shape.count)
    if let split = inputs.optional(1) {
      let rank = try split.tensor().rank ?? 0
      guard rank <= 1 else { throw .invalid("operator/rank", "the lengths should be a number or a vector") }
      if let extent = shape[axis].known, let lengths = split.integers {
        let parts = try self.lengths(lengths, isScalar: split.type.tensor?.rank == 0, extent: extent)
        shape[axis] = Set(parts).count == 1 ? .known(parts[0]) : .unknown
      } else {
        shape[axis] = .unknown
      }
    } else if keepsAxis {
      shape[axis] = .known(1)
    } else {
      shape.remove(at: axis)
    }
    return [.sequence(.tensor(TensorType(type.dtype, shape)))]
  }

  public func evaluate(_ inputs: [Datum?], limits: ResourceLimits) throws(Diagnostic) -> [Datum] {
    let tensor = try inputs.required(0).requireTensor()
    let axis = try normalized(axis: axis, rank: tensor.rank)
    let extent = tensor.shape[axis]
    var lengths = [Int](repeating: 1, count: inputs.optional(1) == nil ? extent : 0)
    if let split = try inputs.optional(1)?.requireTensor() {
      guard let given = split.integers() else { throw name.unsupported(split.dtype) }
      lengths = try self.lengths(given, isScalar: split.rank == 0, extent: extent)
    }
    let dropsAxis = inputs.optional(1) == nil && !keepsAxis
    let cutter = AxisCutter(tensor, axis: axis)
    var parts: [Datum] = []
    var start = 0
    for length in lengths {
      parts.append(.tensor(try cutter.cut(from: start, count: length, dropsAxis: dropsAxis)))
      start += length
    }
    var shape = tensor.shape.map { Dimension.known($0) }
    shape[axis] = Set(lengths).count == 1 ? .known(lengths[0]) : .unknown
    if dropsAxis { shape.remove(at: axis) }
    return [.sequence(parts, of: .tensor(TensorType(tensor.dtype, shape)))]
  }

  private func lengths(_ given: [Int], isScalar: Bool, extent: Int) throws(Diagnostic) -> [Int] {
    if isScalar {
      guard let length = given.first, length > 0 else {
        throw .invalid("operator/split", "the length of the parts should be positive, but is \(given)")
      }
      return stride(from: 0, to: extent, by: length).map { Swift.min(length, extent - $0) }
    }
    var total = 0
    for length in given {
      let (sum, overflow) = total.addingReportingOverflow(length)
      guard length >= 0, !overflow, sum <= extent else { throw mismatch(given, extent) }
      total = sum
    }
    guard total == extent else { throw mismatch(given, extent) }
    return given
  }

  private func mismatch(_ given: [Int], _ extent: Int) -> Diagnostic {
    .invalid("operator/split", "parts of \(given) entries do not fill an axis of \(extent)")
  }
}
