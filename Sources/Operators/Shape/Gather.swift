import LatheDiagnostics
import LatheIR
import LatheTensors

/// Entries of one axis picked by index; negative indices count from the back.
public struct Gather: Evaluable, ShapeArithmetic {
  public static let schema = OperatorSchema(
    "Gather", since: 13,
    inputs: [.init("data", "T", .movable), .init("indices", "Tind", .indices)],
    outputs: [.init("output", "T", .movable)],
    attributes: ["axis": .integer])

  /// The axis that the indices' axes replace; negative counts from the back.
  public var axis: Int

  public init(axis: Int = 0) { self.axis = axis }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: 0)
  }

  public func encode(into attributes: inout Attributes) {
    if axis != 0 { attributes.set("axis", axis) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (data, indices) = (try inputs.tensor(0), try inputs.tensor(1))
    guard let shape = data.shape else { return [.tensor(TensorType(data.dtype, nil))] }
    let axis = try normalized(axis: axis, rank: shape.count)
    guard let picked = indices.shape else { return [.tensor(TensorType(data.dtype, nil))] }
    return [.tensor(TensorType(data.dtype, Array(shape[..<axis]) + picked + Array(shape[(axis + 1)...])))]
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard let data = inputs.optional(0), data.type.tensor?.rank == 1, let elements = data.followed,
      let indices = inputs.optional(1), let picked = indices.followed
    else { return [nil] }
    let numbers = picked.compactMap(\.known)
    guard numbers.count == picked.count else { return [nil] }
    let positions = numbers.map { $0 < 0 ? $0 + elements.count : $0 }
    guard positions.allSatisfy(elements.indices.contains) else { return [nil] }
    return [positions.map { elements[$0] }]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (data, indices) = try inputs.pair()
    let shape = try concreteShape(inputs)
    let axis = try normalized(axis: axis, rank: data.rank)
    let extent = data.shape[axis]
    let positions = try self.positions(indices, extent)
    guard !shape.contains(0) else { return [try Tensor(dtype: data.dtype, shape: shape, copying: [data]) { _ in }] }
    let outer = data.shape[..<axis].reduce(1, *)
    let length = data.shape[(axis + 1)...].reduce(1, *)
    return [
      try Tensor(dtype: data.dtype, shape: shape, copying: [data]) { emit in
        for row in 0..<outer {
          for position in positions {
            emit(ElementRun(source: 0, start: (row * extent + position) * length, count: length))
          }
        }
      }
    ]
  }

  private func positions(_ indices: Tensor, _ extent: Int) throws(Diagnostic) -> [Int] {
    guard let numbers = indices.integers() else { throw name.unsupported(indices.dtype) }
    if let outside = numbers.first(where: { $0 < -extent || $0 >= extent }) {
      throw .invalid("operator/index", "Gather looks up \(outside) on an axis of extent \(extent)")
    }
    return numbers.map { $0 < 0 ? $0 + extent : $0 }
  }
}

extension Gather: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let data = inputs.optional(0)?.type.tensor?.shape, let picked = inputs.optional(1)?.type.tensor?.shape,
      let place = try? normalized(axis: axis, rank: data.count)
    else { return nil }
    var map = AxisMap(inputs: 2, outputs: outputs.count)
    var axes = data.map { map.axis($0) }
    axes[place] = map.axis(data[place], .lookedUp(by: 1))
    let places = picked.map { map.axis($0) }
    map.inputs = [axes, places]
    map.outputs[0] = Array(axes[..<place]) + places + Array(axes[(place + 1)...])
    return map
  }
}
