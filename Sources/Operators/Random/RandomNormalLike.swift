import LatheDiagnostics
import LatheIR
import LatheTensors

/// Numbers from a normal distribution, in a tensor of the input's shape.
public struct RandomNormalLike: RandomTensor {
  public static let schema = OperatorSchema(
    "RandomNormalLike", since: 22,
    inputs: [.init("input", "T1", .movable)],
    outputs: [.init("output", "T2", .floats)],
    attributes: ["dtype": .integer, "mean": .float, "scale": .float, "seed": .float])

  /// Element type of the result; nil for the input's.
  public var dtype: DType?
  /// Mean of the distribution.
  public var mean: Float
  /// Standard deviation.
  public var scale: Float
  public var seed: Float?

  public init(dtype: DType? = nil, mean: Float = 0, scale: Float = 1, seed: Float? = nil) {
    self.dtype = dtype
    self.mean = mean
    self.scale = scale
    self.seed = seed
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    dtype = try Self.floatType(attributes)
    mean = try attributes.float("mean", default: 0)
    scale = try attributes.float("scale", default: 1)
    seed = try attributes.float("seed")
  }

  public func encode(into attributes: inout Attributes) {
    if let dtype { attributes.set("dtype", dtype) }
    if mean != 0 { attributes.set("mean", mean) }
    if scale != 1 { attributes.set("scale", scale) }
    if let seed { attributes.set("seed", seed) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    try typeLike(try inputs.tensor(0), dtype)
  }

  func draw(_ generator: inout MersenneTwister) -> Double {
    Double(mean) + Double(scale) * generator.normal()
  }
}
