import LatheDiagnostics
import LatheIR
import LatheTensors

/// The same elements as a matrix: the axes before `axis` become its rows, the others its columns.
public struct Flatten: Reshaping {
  public static let schema = OperatorSchema(
    "Flatten", since: 25,
    inputs: [.init("input", "T", .movableWithPacked)],
    outputs: [.init("output", "T", .movableWithPacked)],
    attributes: ["axis": .integer])

  /// First axis that goes into the columns, from −rank to rank; negative counts from the back.
  public var axis: Int

  public init(axis: Int = 1) { self.axis = axis }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: 1)
  }

  public func encode(into attributes: inout Attributes) {
    if axis != 1 { attributes.set("axis", axis) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard let shape = type.shape else { return [.tensor(TensorType(type.dtype, [.unknown, .unknown]))] }
    let first = axis == shape.count ? axis : try normalized(axis: axis, rank: shape.count)
    return [.tensor(TensorType(type.dtype, [Array(shape[..<first]).product, Array(shape[first...]).product]))]
  }
}
