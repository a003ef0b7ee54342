import LatheDiagnostics
import LatheIR
import LatheTensors

/// scale · X / √(mean of squares + ε) over the last axes together.
///
/// Computed in double precision; normalized elements are rounded to the scale's type, which is that of the result, before they
/// are scaled.
public struct RMSNormalization: FloatEvaluable {
  public static let schema = OperatorSchema(
    "RMSNormalization", since: 23,
    inputs: [.init("X", "T", .floats), .init("scale", "V", .floats)],
    outputs: [.init("Y", "V", .floats)],
    attributes: ["axis": .integer, "epsilon": .float, "stash_type": .integer])

  /// First axis that is normalized; negative counts from the back.
  public var axis: Int
  /// Added to the mean of squares.
  public var epsilon: Float
  /// Type that statistics are taken in at least.
  public var stashType: DType

  public init(axis: Int = -1, epsilon: Float = 1e-5, stashType: DType = .float32) {
    self.axis = axis
    self.epsilon = epsilon
    self.stashType = stashType
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: -1)
    epsilon = try attributes.float("epsilon", default: 1e-5)
    stashType = try attributes.stashType()
  }

  public func encode(into attributes: inout Attributes) {
    if axis != -1 { attributes.set("axis", axis) }
    if epsilon != 1e-5 { attributes.set("epsilon", epsilon) }
    if stashType != .float32 { attributes.set("stash_type", stashType) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (x, scale) = (try inputs.tensor(0), try inputs.tensor(1))
    if let rank = x.rank { _ = try normalized(axis: axis, rank: rank) }
    if let own = scale.shape, let target = x.shape {
      let fits =
        own.count <= target.count
        && zip(own.reversed(), target.reversed()).allSatisfy { $0 == 1 || !$0.isProvablyDifferent(from: $1) }
      guard fits else { throw .invalid("operator/broadcast", "RMSNormalization cannot apply \(scale) to \(x)") }
    }
    return [.tensor(TensorType(scale.dtype, x.shape))]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let scale = try inputs.required(1)
    let factors = try scale.broadcast(to: try inputs.required(0).shape)
    switch scale.dtype {
    case .float32: return [try scaled(try inputs.required(0), factors, as: T.self, Float.self)]
    case .float64: return [try scaled(try inputs.required(0), factors, as: T.self, Double.self)]
    case .float16: return [try scaled(try inputs.required(0), factors, as: T.self, Float16.self)]
    case .bfloat16: return [try scaled(try inputs.required(0), factors, as: T.self, BFloat16.self)]
    default: throw name.unsupported(scale.dtype)
    }
  }

  private func scaled<T: FloatElement, V: FloatElement>(
    _ x: Tensor, _ factors: Tensor, as type: T.Type, _ result: V.Type
  ) throws(Diagnostic) -> Tensor {
    let first = try normalized(axis: axis, rank: x.rank)
    let extent = x.shape[first...].clampedProduct
    return try Tensor(of: V.self, shape: x.shape) { (target: UnsafeMutableBufferPointer<V>) in
      guard !target.isEmpty else { return }
      x.withElements(as: T.self) { source in
        factors.withElements(as: V.self) { factors in
          for start in stride(from: 0, to: source.count, by: extent) {
            var squares = 0.0
            for index in start..<start + extent { squares += source[index].wide * source[index].wide }
            let reciprocal = 1 / (squares / Double(extent) + Double(epsilon)).squareRoot()
            for index in start..<start + extent {
              let value = V(double: source[index].wide * reciprocal)
              target[index] = V(double: value.wide * factors[index].wide)
            }
          }
        }
      }
    }
  }
}

extension RMSNormalization: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    .normalizing(from: axis, inputs, outputs)
  }
}
