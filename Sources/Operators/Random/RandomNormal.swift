import LatheDiagnostics
import LatheIR
import LatheTensors

/// Numbers from a normal distribution.
public struct RandomNormal: RandomTensor {
  public static let schema = OperatorSchema(
    "RandomNormal", since: 22, inputs: [],
    outputs: [.init("output", "T", .floats)],
    attributes: ["dtype": .integer, "mean": .float, "scale": .float, "seed": .float, "shape": .integers])

  /// Extents of the result.
  public var shape: [Int]
  /// Element type of the result.
  public var dtype: DType
  /// Mean of the distribution.
  public var mean: Float
  /// Standard deviation.
  public var scale: Float
  public var seed: Float?

  public init(shape: [Int], dtype: DType = .float32, mean: Float = 0, scale: Float = 1, seed: Float? = nil) {
    self.shape = shape
    self.dtype = dtype
    self.mean = mean
    self.scale = scale
    self.seed = seed
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    shape = try Attributes.required("shape", try attributes.integers("shape"))
    dtype = try Self.floatType(attributes) ?? .float32
    mean = try attributes.float("mean", default: 0)
    scale = try attributes.float("scale", default: 1)
    seed = try attributes.float("seed")
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("shape", shape)
    if dtype != .float32 { attributes.set("dtype", dtype) }
    if mean != 0 { attributes.set("mean", mean) }
    if scale != 1 { attributes.set("scale", scale) }
    if let seed { attributes.set("seed", seed) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    [.tensor(TensorType(dtype, try checked(shape: shape.map { .known($0) })))]
  }

  func draw(_ generator: inout MersenneTwister) -> Double {
    Double(mean) + Double(scale) * generator.normal()
  }
}
