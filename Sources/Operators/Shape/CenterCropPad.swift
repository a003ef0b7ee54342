import LatheDiagnostics
import LatheIR
import LatheTensors

/// The middle of the input on some axes, or the input in the middle of zeros where it is smaller than asked for.
public struct CenterCropPad: Evaluable {
  public static let schema = OperatorSchema(
    "CenterCropPad", since: 18,
    inputs: [.init("input_data", "T", .movable), .init("shape", "Tind", .indices)],
    outputs: [.init("output_data", "T", .movable)],
    attributes: ["axes": .integers])

  /// Axes that the extents are for; nil for all.
  public var axes: [Int]?

  public init(axes: [Int]? = nil) { self.axes = axes }

  public init(decoding attributes: Attributes) throws(Diagnostic) { axes = try attributes.integers("axes") }

  public func encode(into attributes: inout Attributes) {
    if let axes { attributes.set("axes", axes) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard let operand = inputs.optional(1), var shape = type.shape else { return [.tensor(type)] }
    let target = try operand.vector("target shape")
    let order = try order(rank: shape.count)
    if let length = target?.count ?? operand.vectorLength, length != order.count {
      throw .invalid("operator/shape", "CenterCropPad is given \(length) extents for \(order.count) axes")
    }
    if let target { _ = try checked(shape: target) }
    for (position, axis) in order.enumerated() { shape[axis] = target?[position] ?? .unknown }
    return [.tensor(TensorType(type.dtype, shape))]
  }

  private func order(rank: Int) throws(Diagnostic) -> [Int] {
    guard let axes else { return Array(0..<rank) }
    _ = try normalized(axes: axes, rank: rank)
    return axes.map { $0 < 0 ? $0 + rank : $0 }
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let runs = zip(input.shape, try concreteShape(inputs)).map { extent, target -> [AxisRun] in
      if target <= extent { return [.input((extent - target) / 2, target)] }
      let before = (target - extent) / 2
      return [.fill(before), .input(0, extent), .fill(target - extent - before)]
    }
    return [try input.picked(runs)]
  }
}
