import LatheDiagnostics
import LatheIR
import LatheTensors

/// Tensors joined along one axis; their other extents agree.
public struct Concat: Evaluable, ShapeArithmetic {
  public static let schema = OperatorSchema(
    "Concat", since: 13,
    inputs: [.init("inputs", "T", .movable, .variadic)],
    outputs: [.init("concat_result", "T", .movable)],
    attributes: ["axis": .integer])

  /// The axis whose extents add up; negative counts from the back.
  public var axis: Int

  public init(axis: Int) { self.axis = axis }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try Attributes.required("axis", try attributes.integer("axis"))
  }

  public func encode(into attributes: inout Attributes) { attributes.set("axis", axis) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let types = try inputs.tensors()
    guard let first = types.first else { throw .invalid("operator/inputs", "Concat needs at least one input") }
    guard let rank = types.compactMap(\.rank).first else { return [.tensor(first)] }
    let axis = try normalized(axis: axis, rank: rank)
    var result: Shape?
    var total: Dimension = 0
    for type in types {
      guard let shape = type.shape else {
        total = .unknown
        continue
      }
      guard shape.count == rank else { throw mismatch(types) }
      total = total + shape[axis]
      result = try merged(result ?? shape, shape, except: axis, types)
    }
    result?[axis] = total
    return [.tensor(TensorType(first.dtype, result))]
  }

  /// Extents on which both agree, numbers before symbols.
  private func merged(
    _ a: Shape, _ b: Shape, except axis: Int, _ types: [TensorType]
  ) throws(Diagnostic) -> Shape {
    var result = a
    for position in a.indices where position != axis {
      if a[position].isProvablyDifferent(from: b[position]) { throw mismatch(types) }
      if b[position].known != nil || a[position] == .unknown { result[position] = b[position] }
    }
    return result
  }

  private func mismatch(_ types: [TensorType]) -> Diagnostic {
    let list = types.map(\.description).joined(separator: ", ")
    return .invalid("operator/concat", "\(list) cannot be joined along the axis \(axis): their other extents differ")
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    var result: [Dimension] = []
    for input in inputs {
      guard let input, input.type.tensor?.rank == 1, let elements = input.followed else { return [nil] }
      result += elements
    }
    return [result]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let tensors = inputs.compactMap { $0 }
    let first = try inputs.required(0)
    let shape = try concreteShape(inputs)
    let axis = try normalized(axis: axis, rank: first.rank)
    let outer = shape[..<axis].reduce(1, *)
    let lengths = tensors.map { $0.shape[axis...].reduce(1, *) }
    guard !shape.contains(0) else { return [try Tensor(dtype: first.dtype, shape: shape, copying: tensors) { _ in }] }
    return [
      try Tensor(dtype: first.dtype, shape: shape, copying: tensors) { emit in
        for row in 0..<outer {
          for (source, length) in lengths.enumerated() {
            emit(ElementRun(source: source, start: row * length, count: length))
          }
        }
      }
    ]
  }
}

extension Concat: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let y = outputs.first?.shape, let place = try? normalized(axis: axis, rank: y.count) else { return nil }
    var map = AxisMap(inputs: inputs.count)
    var axes = y.map { map.axis($0) }
    axes[place] = []
    for (position, input) in inputs.enumerated() {
      guard let shape = input?.type.tensor?.shape else { return nil }
      let own = map.axis(shape[place])
      axes[place] += own
      map.inputs[position] = axes
      map.inputs[position]?[place] = own
    }
    map.outputs[0] = axes
    return map
  }
}
