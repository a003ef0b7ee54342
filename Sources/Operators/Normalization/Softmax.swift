internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// exp(x − max) / Σ exp(x − max) along one axis.
public struct Softmax: FloatEvaluable {
  public static let schema = OperatorSchema(
    "Softmax", since: 13,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)],
    attributes: ["axis": .integer])

  /// The axis that sums to 1; negative counts from the back.
  public var axis: Int

  public init(axis: Int = -1) { self.axis = axis }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: -1)
  }

  public func encode(into attributes: inout Attributes) {
    if axis != -1 { attributes.set("axis", axis) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    if let rank = type.rank { _ = try normalized(axis: axis, rank: rank) }
    return [.tensor(type)]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let axis = try normalized(axis: axis, rank: input.rank)
    let extent = input.shape[axis]
    let inner = input.shape[(axis + 1)...].reduce(1, *)
    let outer = input.shape[..<axis].reduce(1, *)
    let result = try Tensor(of: T.self, shape: input.shape) { (target: UnsafeMutableBufferPointer<T>) in
      input.withElements(as: T.self) { source in
        guard !target.isEmpty else { return }
        var exponentials = [Double](repeating: 0, count: extent)
        for start in 0..<outer * inner {
          let first = (start / inner) * extent * inner + start % inner
          var largest = -Double.infinity
          for index in 0..<extent { largest = Swift.max(largest, source[first + index * inner].wide) }
          var sum = 0.0
          for index in 0..<extent {
            exponentials[index] = exp(source[first + index * inner].wide - largest)
            sum += exponentials[index]
          }
          for index in 0..<extent { target[first + index * inner] = T(double: exponentials[index] / sum) }
        }
      }
    }
    return [result]
  }
}
