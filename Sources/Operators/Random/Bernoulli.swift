import LatheDiagnostics
import LatheIR
import LatheTensors

/// Ones and zeros drawn at random: each element is the probability of a one in its place.
public struct Bernoulli: Evaluable, RandomDraw {
  private static let results = DTypeDomain.numeric.union(.bool)

  public static let schema = OperatorSchema(
    "Bernoulli", since: 22,
    inputs: [.init("input", "T1", .floats)],
    outputs: [.init("output", "T2", results)],
    attributes: ["dtype": .integer, "seed": .float])

  /// Element type of the result; nil for the input's.
  public var dtype: DType?
  /// Seed of the generator; nil draws other numbers in each run.
  public var seed: Float?

  public init(dtype: DType? = nil, seed: Float? = nil) {
    self.dtype = dtype
    self.seed = seed
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    dtype = try attributes.dtype("dtype")
    seed = try attributes.float("seed")
    if let dtype, !Self.results.contains(dtype) {
      throw .invalid("operator/attribute-value", "Bernoulli makes no numbers of \(dtype)")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if let dtype { attributes.set("dtype", dtype) }
    if let seed { attributes.set("seed", seed) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    return [.tensor(TensorType(dtype ?? type.dtype, type.shape))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    guard let chances = input.doubles() else { throw name.unsupported(input.dtype) }
    guard chances.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
      throw .invalid("operator/probability", "Bernoulli is given probabilities outside 0 to 1")
    }
    var generator = MersenneTwister(seed: seed)
    return [try Tensor(numbers: dtype ?? input.dtype, input.shape) { generator.uniform() < chances[$0] ? 1 : 0 }]
  }
}
