import LatheDiagnostics
import LatheIR
import LatheTensors

/// For each index a row of one value with another at the index; the row is a new axis.
public struct OneHot: Evaluable {
  private static let numbers = DTypeDomain.numeric.subtracting([.bfloat16])

  public static let schema = OperatorSchema(
    "OneHot", since: 28,
    inputs: [.init("indices", "T1", numbers), .init("depth", "T2", numbers), .init("values", "T3", .movable)],
    outputs: [.init("output", "T3", .movable)],
    attributes: ["axis": .integer])

  /// Where the new axis stands in the result; negative counts from the back.
  public var axis: Int

  public init(axis: Int = -1) { self.axis = axis }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: -1)
  }

  public func encode(into attributes: inout Attributes) {
    if axis != -1 { attributes.set("axis", axis) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (indices, values) = (try inputs.tensor(0), try inputs.tensor(2))
    if let shape = values.shape, shape.count != 1 || shape[0].isProvablyDifferent(from: 2) {
      throw .invalid("operator/shape", "OneHot takes two values, off and on, but is given \(values)")
    }
    let depth = try depth(inputs.optional(1))
    guard var shape = indices.shape else { return [.tensor(TensorType(values.dtype, nil))] }
    shape.insert(depth, at: try normalized(axis: axis, rank: shape.count + 1))
    return [.tensor(TensorType(values.dtype, shape))]
  }

  private func depth(_ operand: Operand?) throws(Diagnostic) -> Dimension {
    guard let operand else { return .unknown }
    let type = try operand.tensor()
    if let rank = type.rank, rank > 1 {
      throw .invalid("operator/rank", "the depth of OneHot should be a single number, but is \(type)")
    }
    guard let constant = operand.constant else { return operand.elements?.first ?? .unknown }
    guard let depth = Self.integers(constant).first, constant.elementCount == 1, depth >= 0 else {
      throw .invalid("operator/shape", "the depth of OneHot is no extent: \(Self.integers(constant))")
    }
    return .known(depth)
  }

  /// The numbers as integers, truncated.
  private static func integers(_ tensor: Tensor) -> [Int] {
    tensor.integers() ?? tensor.doubles()?.map { Int(Int64(double: $0)) } ?? []
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (indices, values) = (try inputs.required(0), try inputs.required(2))
    let shape = try concreteShape(inputs)
    let position = try normalized(axis: axis, rank: shape.count)
    let (depth, inner) = (shape[position], shape[(position + 1)...].reduce(1, *))
    let numbers = Self.integers(indices)
    let result = try Tensor(dtype: values.dtype, shape: shape, copying: [values]) { emit in
      guard !shape.contains(0) else { return }
      for outer in 0..<indices.elementCount / inner {
        for entry in 0..<depth {
          for place in 0..<inner {
            let index = numbers[outer * inner + place]
            let isOn = index == entry || index < 0 && index >= -depth && index + depth == entry
            emit(ElementRun(source: 0, start: isOn ? 1 : 0, count: 1))
          }
        }
      }
    }
    return [result]
  }
}
