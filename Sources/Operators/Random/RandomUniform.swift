import LatheDiagnostics
import LatheIR
import LatheTensors

/// Numbers distributed evenly over an interval.
public struct RandomUniform: RandomTensor {
  public static let schema = OperatorSchema(
    "RandomUniform", since: 22, inputs: [],
    outputs: [.init("output", "T", .floats)],
    attributes: ["dtype": .integer, "low": .float, "high": .float, "seed": .float, "shape": .integers])

  /// Extents of the result.
  public var shape: [Int]
  /// Element type of the result.
  public var dtype: DType
  /// Where the interval begins.
  public var low: Float
  /// Where the interval ends, itself outside.
  public var high: Float
  public var seed: Float?

  public init(shape: [Int], dtype: DType = .float32, low: Float = 0, high: Float = 1, seed: Float? = nil) {
    self.shape = shape
    self.dtype = dtype
    self.low = low
    self.high = high
    self.seed = seed
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    shape = try Attributes.required("shape", try attributes.integers("shape"))
    dtype = try Self.floatType(attributes) ?? .float32
    low = try attributes.float("low", default: 0)
    high = try attributes.float("high", default: 1)
    seed = try attributes.float("seed")
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("shape", shape)
    if dtype != .float32 { attributes.set("dtype", dtype) }
    if low != 0 { attributes.set("low", low) }
    if high != 1 { attributes.set("high", high) }
    if let seed { attributes.set("seed", seed) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    [.tensor(TensorType(dtype, try checked(shape: shape.map { .known($0) })))]
  }

  func draw(_ generator: inout MersenneTwister) -> Double {
    Double(low) + (Double(high) - Double(low)) * generator.uniform()
  }
}
