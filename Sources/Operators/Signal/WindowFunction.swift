internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// A window of a given length for signals: a sum of cosines of the position.
protocol WindowFunction: Evaluable {
  /// Element type of the result.
  var dtype: DType { get set }
  /// Whether the window continues itself when it is repeated, rather than being symmetric.
  var isPeriodic: Bool { get set }
  /// Factors of 1, −cos x, cos 2x, where x goes once around the circle.
  static var coefficients: [Double] { get }

  init(dtype: DType, isPeriodic: Bool)
}

extension OperatorSchema {
  /// Any window function.
  static func formal(_ name: String) -> OperatorSchema {
    OperatorSchema(
      name, since: 17,
      inputs: [.init("size", "T1", .indices)],
      outputs: [.init("output", "T2", .numeric)],
      attributes: ["output_datatype": .integer, "periodic": .integer])
  }
}

extension WindowFunction {
  public init(decoding attributes: Attributes) throws(Diagnostic) {
    let dtype = try attributes.dtype("output_datatype") ?? .float32
    guard DTypeDomain.numeric.contains(dtype) else {
      throw .invalid("operator/attribute-value", "\(Self.schema.name) makes no windows of \(dtype)")
    }
    self.init(dtype: dtype, isPeriodic: try attributes.flag("periodic", default: true))
  }

  public func encode(into attributes: inout Attributes) {
    if dtype != .float32 { attributes.set("output_datatype", dtype) }
    if !isPeriodic { attributes.set("periodic", false) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    guard let operand = inputs.optional(0) else { throw .invalid("operator/inputs", "\(name) needs its input size") }
    let size = try operand.singleExtent("size of \(name)")
    _ = try checked(shape: [size])
    return [.tensor(TensorType(dtype, [size]))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let shape = try concreteShape(inputs)
    let size = shape[0]
    // A symmetric window of one element would have no period.
    let period = Double(isPeriodic ? size : Swift.max(1, size - 1))
    let result = try Tensor(numbers: dtype, shape) { position in
      Self.coefficients.enumerated().reduce(0) { sum, term in
        let (order, factor) = term
        let value = factor * cos(2 * Double.pi * Double(order) * Double(position) / period)
        return order.isMultiple(of: 2) ? sum + value : sum - value
      }
    }
    return [result]
  }
}
