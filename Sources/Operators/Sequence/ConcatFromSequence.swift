import LatheDiagnostics
import LatheIR
import LatheTensors

/// The elements of a sequence joined along an axis they have, or stacked along a new one.
public struct ConcatFromSequence: DatumEvaluable {
  public static let schema = OperatorSchema(
    "ConcatFromSequence", since: 11,
    inputs: [.init("input_sequence", "S", .all)],
    outputs: [.init("concat_result", "T", .all)],
    attributes: ["axis": .integer, "new_axis": .integer])

  /// The axis of the result; negative counts from the back.
  public var axis: Int
  /// Whether the axis is one that the elements do not have.
  public var isNew: Bool

  public init(axis: Int, isNew: Bool = false) {
    self.axis = axis
    self.isNew = isNew
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try Attributes.required("axis", try attributes.integer("axis"))
    isNew = try attributes.flag("new_axis", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("axis", axis)
    if isNew { attributes.set("new_axis", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let element = try inputs.required(0).sequenceElement()
    guard let type = element.tensor else {
      throw .invalid("operator/not-a-tensor", "a sequence of tensors is needed here, but it is one of \(element)")
    }
    guard var shape = type.shape else { return [.tensor(type)] }
    let axis = try normalized(axis: axis, rank: shape.count + (isNew ? 1 : 0))
    if isNew { shape.insert(.unknown, at: axis) } else { shape[axis] = .unknown }
    return [.tensor(TensorType(type.dtype, shape))]
  }

  public func evaluate(_ inputs: [Datum?], limits: ResourceLimits) throws(Diagnostic) -> [Datum] {
    let (elements, _) = try inputs.required(0).sequence()
    guard let first = try elements.first?.requireTensor() else {
      throw .invalid("operator/empty-sequence", "a sequence without elements cannot be joined")
    }
    let axis = try normalized(axis: axis, rank: first.rank + (isNew ? 1 : 0))
    var parts: [Tensor] = []
    for element in elements {
      let part = try element.requireTensor()
      guard isNew else {
        parts.append(part)
        continue
      }
      guard part.rank == first.rank else { throw .invalid("operator/concat", "the ranks of the elements differ") }
      parts.append(try part.reshaped(to: part.shape[..<axis] + [1] + part.shape[axis...]))
    }
    return try Concat(axis: axis).evaluateChecked(parts, limits: limits).map { .tensor($0) }
  }
}
