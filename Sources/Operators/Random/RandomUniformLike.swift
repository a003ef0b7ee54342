import LatheDiagnostics
import LatheIR
import LatheTensors

/// Numbers distributed evenly over an interval, in a tensor of the input's shape.
public struct RandomUniformLike: RandomTensor {
  public static let schema = OperatorSchema(
    "RandomUniformLike", since: 22,
    inputs: [.init("input", "T1", .movable)],
    outputs: [.init("output", "T2", .floats)],
    attributes: ["dtype": .integer, "low": .float, "high": .float, "seed": .float])

  /// Element type of the result; nil for the input's.
  public var dtype: DType?
  /// Where the interval begins.
  public var low: Float
  /// Where the interval ends, itself outside.
  public var high: Float
  public var seed: Float?

  public init(dtype: DType? = nil, low: Float = 0, high: Float = 1, seed: Float? = nil) {
    self.dtype = dtype
    self.low = low
    self.high = high
    self.seed = seed
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    dtype = try Self.floatType(attributes)
    low = try attributes.float("low", default: 0)
    high = try attributes.float("high", default: 1)
    seed = try attributes.float("seed")
  }

  public func encode(into attributes: inout Attributes) {
    if let dtype { attributes.set("dtype", dtype) }
    if low != 0 { attributes.set("low", low) }
    if high != 1 { attributes.set("high", high) }
    if let seed { attributes.set("seed", seed) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    try typeLike(try inputs.tensor(0), dtype)
  }

  func draw(_ generator: inout MersenneTwister) -> Double {
    Double(low) + (Double(high) - Double(low)) * generator.uniform()
  }
}
