import LatheDiagnostics
import LatheIR
import LatheTensors

/// A tensor of the given shape with one value everywhere.
public struct ConstantOfShape: Evaluable, ShapeArithmetic {
  private static let results = DTypeDomain.movableWithPacked.subtracting([.string, .complex64, .complex128])

  public static let schema = OperatorSchema(
    "ConstantOfShape", since: 25,
    inputs: [.init("input", "T1", .int64)],
    outputs: [.init("output", "T2", results)],
    attributes: ["value": .tensor])

  /// One element, which gives the result's type as well; nil is a 32-bit float 0.
  public var value: Tensor?

  public init(value: Tensor? = nil) { self.value = value }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    value = try attributes.tensor("value")
    guard let value else { return }
    guard value.elementCount == 1, Self.results.contains(value.dtype) else {
      throw .invalid("operator/attribute-value", "value should be a single number, but is \(TensorType(of: value))")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if let value { attributes.set("value", value) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let given = try inputs.optional(0)?.vector("shape")
    let shape: Shape? = given ?? .unknown(inputs.optional(0)?.vectorLength)
    let dtype = value?.dtype ?? .float32
    guard let shape else { return [.tensor(TensorType(dtype, nil))] }
    return [.tensor(TensorType(dtype, try checked(shape: shape)))]
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard let element = value?.integers()?.first, let shape = inputs.optional(0)?.integers, shape.count <= 1,
      let count = try? Tensor.elementCount(of: shape), count <= Operand.maximumElements
    else { return [nil] }
    return [Array(repeating: .known(element), count: count)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let shape = try concreteShape(inputs)
    guard let value else { return [try Tensor(of: Float.self, shape: shape) { _ in }] }
    return [try value.reshaped(to: []).broadcast(to: shape)]
  }
}

extension ConstantOfShape: AxisMapping {
  /// All indices are alike, so that any may go where the extents are known.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = outputs.first?.shape else { return nil }
    var map = AxisMap(inputs: inputs.count)
    let extents = inputs.optional(0)?.elements ?? inputs.optional(0)?.integers?.map { .known($0) } ?? []
    map.outputs[0] = shape.enumerated().map { axis, extent in
      map.axis(extent, extents.indices.contains(axis) && extents[axis].known != nil ? .carried : .fresh)
    }
    return map
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    (self, [inputs.optional(0)?.extents(following: map.outputs[0], of: map) ?? inputs.optional(0)])
  }
}
