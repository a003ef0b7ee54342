import LatheDiagnostics
import LatheIR
import LatheTensors

/// (X − mean) / (√variance + 10⁻⁹) over some axes.
public struct MeanVarianceNormalization: FloatEvaluable {
  public static let schema = OperatorSchema(
    "MeanVarianceNormalization", since: 13,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["axes": .integers])

  /// The axes that statistics are taken over; negative ones count from the back.
  public var axes: [Int]

  public init(axes: [Int] = [0, 2, 3]) { self.axes = axes }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axes = try attributes.integers("axes") ?? [0, 2, 3]
  }

  public func encode(into attributes: inout Attributes) {
    if axes != [0, 2, 3] { attributes.set("axes", axes) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    if let rank = x.rank { _ = try normalized(axes: axes, rank: rank) }
    return [.tensor(x)]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let axes = try normalized(axes: axes, rank: x.rank)
    let extent = axes.map { x.shape[$0] }.clampedProduct
    let order = x.shape.indices.filter { !axes.contains($0) } + axes
    let rows = try x.permuted(order)
    let result = try Tensor(of: T.self, shape: rows.shape) { (target: UnsafeMutableBufferPointer<T>) in
      guard !target.isEmpty else { return }
      rows.withElements(as: T.self) { source in
        for start in stride(from: 0, to: source.count, by: extent) {
          let moments = Moments.of(source, from: start, count: extent)
          let divisor = moments.variance.squareRoot() + 1e-9
          for index in start..<start + extent {
            target[index] = T(double: (source[index].wide - moments.mean) / divisor)
          }
        }
      }
    }
    let back = order.indices.map { axis in order.firstIndex(of: axis) ?? axis }
    return [try result.permuted(back)]
  }
}
