internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// Softmax of a quantized tensor, along one axis or, as before opset 13, over all axes from that one on.
///
/// As in ONNX Runtime, exponentials and their sum are those of `Float`, scaled up as far as the sum allows, and the reciprocal of the
/// result's scale is rounded down to an integer. Where it lets a result of type `int8` wrap, this one is clamped.
public struct QLinearSoftmax: Evaluable {
  public static let schema = OperatorSchema(
    "QLinearSoftmax", domain: "com.microsoft", since: 1,
    inputs: [
      .init("X", "T", .bytes), .init("X_scale", "", [.float32]), .init("x_zero_point", "T", .bytes, .optional),
      .init("y_scale", "", [.float32]), .init("y_zero_point", "T", .bytes),
    ],
    outputs: [.init("Y", "T", .bytes)],
    attributes: ["axis": .integer, "opset": .integer])

  /// The axis that sums to 1, or the first of them; nil is 1 before opset 13, and the last one from then on.
  public var axis: Int?
  /// Version of the standard operator set whose Softmax is meant.
  public var opset: Int

  public init(axis: Int? = nil, opset: Int = 13) {
    self.axis = axis
    self.opset = opset
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis")
    opset = try Attributes.required("opset", try attributes.integer("opset"))
  }

  public func encode(into attributes: inout Attributes) {
    if let axis { attributes.set("axis", axis) }
    attributes.set("opset", opset)
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    for position in 1...4 { try ZeroPoints.check(try inputs.optional(position)?.tensor(), channels: 1) }
    if let rank = x.rank { _ = try normalized(axis: axis ?? (opset < 13 ? 1 : -1), rank: rank) }
    return [.tensor(x)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let axis = try normalized(axis: axis ?? (opset < 13 ? 1 : -1), rank: x.rank)
    let (scale, code) = (try inputs.linearCode(1).scale, try inputs.linearCode(3))
    guard x.elementCount > 0 else { return [x] }
    let isWhole = opset < 13
    let extent = isWhole ? x.shape[axis...].reduce(1, *) : x.shape[axis]
    let inner = isWhole ? 1 : x.shape[(axis + 1)...].reduce(1, *)
    var numbers = x.doubles() ?? []
    let levels = (1 / code.scale).rounded(.down)
    for outer in 0..<x.elementCount / (extent * inner) {
      for column in 0..<inner {
        let start = outer * extent * inner + column
        let places = stride(from: start, to: start + extent * inner, by: inner)
        let largest = places.reduce(-Double.infinity) { Swift.max($0, numbers[$1]) }
        // As much room above 1 as the largest sum leaves.
        let lift = Swift.max(0, Double(log(Float.greatestFiniteMagnitude / Float(extent))) - 5) / Double(scale)
        let powers = places.map { Float(exp((numbers[$0] - largest + lift) * Double(scale))) }
        let sum = powers.reduce(0) { $0 + $1 }
        for (place, power) in zip(places, powers) {
          numbers[place] = Double((power * levels / sum).rounded(.toNearestOrEven) + code.zero)
        }
      }
    }
    return [
      x.dtype == .int8
        ? try Tensor(numbers.map { Int8(quantizing: Float($0)) }, shape: x.shape)
        : try Tensor(numbers.map { UInt8(quantizing: Float($0)) }, shape: x.shape)
    ]
  }
}
