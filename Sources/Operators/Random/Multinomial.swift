internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// Classes drawn at random, for each row of logarithms of their unnormalized probabilities.
public struct Multinomial: Evaluable, RandomDraw {
  public static let schema = OperatorSchema(
    "Multinomial", since: 22,
    inputs: [.init("input", "T1", .floats)],
    outputs: [.init("output", "T2", .indices)],
    attributes: ["dtype": .integer, "sample_size": .integer, "seed": .float])

  /// Element type of the result: i32 or i64.
  public var dtype: DType
  /// How many classes are drawn for each row.
  public var sampleSize: Int
  /// Seed of the generator; nil draws other numbers in each run.
  public var seed: Float?

  public init(dtype: DType = .int32, sampleSize: Int = 1, seed: Float? = nil) {
    self.dtype = dtype
    self.sampleSize = sampleSize
    self.seed = seed
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    dtype = try attributes.dtype("dtype") ?? .int32
    sampleSize = try attributes.integer("sample_size", default: 1)
    seed = try attributes.float("seed")
    guard DTypeDomain.indices.contains(dtype), sampleSize >= 0 else {
      throw .invalid("operator/attribute-value", "Multinomial does not draw \(sampleSize) classes as \(dtype)")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if dtype != .int32 { attributes.set("dtype", dtype) }
    if sampleSize != 1 { attributes.set("sample_size", sampleSize) }
    if let seed { attributes.set("seed", seed) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    if let shape = type.shape, shape.count != 2 || shape[1] == 0 {
      throw .invalid("operator/shape", "Multinomial takes a matrix with a column for each class, but is given \(type)")
    }
    return [.tensor(TensorType(dtype, [type.shape?[0] ?? .unknown, .known(sampleSize)]))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    guard let logarithms = input.doubles() else { throw name.unsupported(input.dtype) }
    let (rows, classes) = (input.shape[0], input.shape[1])
    let shape = try concreteShape(inputs)
    var generator = MersenneTwister(seed: seed)
    var sums = [Double](repeating: 0, count: classes)
    let draws = try Tensor(numbers: dtype, shape) { position in
      if position % sampleSize == 0 {
        Self.accumulate(logarithms[position / sampleSize * classes..<(position / sampleSize + 1) * classes], &sums)
      }
      let target = generator.uniform() * sums[classes - 1]
      return Double(Self.first(above: target, in: sums))
    }
    return rows == 0 ? [try Tensor.zeros(dtype, shape)] : [draws]
  }

  /// Sums of the probabilities up to each class, in units of the largest one.
  private static func accumulate(_ logarithms: ArraySlice<Double>, _ sums: inout [Double]) {
    let largest = logarithms.max() ?? 0
    var sum = 0.0
    for (index, logarithm) in logarithms.enumerated() {
      let weight = exp(logarithm - largest)
      sum += weight.isFinite ? weight : 0
      sums[index] = sum
    }
  }

  private static func first(above target: Double, in sums: [Double]) -> Int {
    var (low, high) = (0, sums.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] > target { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
