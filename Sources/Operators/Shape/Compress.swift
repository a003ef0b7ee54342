import LatheDiagnostics
import LatheIR
import LatheTensors

/// The entries of an axis, or of all elements in a row, for which a condition holds.
public struct Compress: Evaluable {
  public static let schema = OperatorSchema(
    "Compress", since: 28,
    inputs: [.init("input", "T", .movable), .init("condition", "T1", .bool)],
    outputs: [.init("output", "T", .movable)],
    attributes: ["axis": .integer])

  /// The axis; negative counts from the back, nil takes the elements in a row.
  public var axis: Int?

  public init(axis: Int? = nil) { self.axis = axis }

  public init(decoding attributes: Attributes) throws(Diagnostic) { axis = try attributes.integer("axis") }

  public func encode(into attributes: inout Attributes) {
    if let axis { attributes.set("axis", axis) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    let condition = inputs.optional(1)
    if let rank = try condition?.tensor().rank, rank != 1 {
      throw .invalid("operator/rank", "the condition of Compress should be a vector")
    }
    let count = condition?.constant?.codes.map { Dimension.known($0.count { $0 != 0 }) } ?? .unknown
    guard let axis else { return [.tensor(TensorType(type.dtype, [count]))] }
    guard var shape = type.shape else { return [.tensor(type)] }
    shape[try normalized(axis: axis, rank: shape.count)] = count
    return [.tensor(TensorType(type.dtype, shape))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    var input = try inputs.required(0)
    if axis == nil { input = try input.reshaped(to: [input.elementCount]) }
    let axis = try normalized(axis: axis ?? 0, rank: input.rank)
    let chosen = (try inputs.required(1).codes ?? []).enumerated().filter { $1 != 0 }.map(\.offset)
    if let outside = chosen.last, outside >= input.shape[axis] {
      throw .invalid("operator/index", "Compress picks \(outside) on an axis of extent \(input.shape[axis])")
    }
    var runs = input.shape.map { [AxisRun.input(0, $0)] }
    runs[axis] = chosen.map { .input($0, 1) }
    return [try input.picked(runs)]
  }
}
