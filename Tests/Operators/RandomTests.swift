import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct RandomTests {
  /// What numpy's RandomState(0) and RandomState(7) draw first.
  @Test func drawsAreThoseOfTheMersenneTwister() throws {
    let close = Tolerance(absolute: 1e-12)
    let uniform = RandomUniform(shape: [3], dtype: .float64, seed: 0)
    let first = try Tensor([0.5488135039273248, 0.7151893663724195, 0.6027633760716439], shape: [3])
    try checkOperator(uniform, inputs: [], expected: [first], tolerance: close)
    let normal = RandomNormal(shape: [3], dtype: .float64, seed: 7)
    let second = try Tensor([1.690525703800356, -0.4659373705408328, 0.0328201636785844], shape: [3])
    try checkOperator(normal, inputs: [], expected: [second], tolerance: close)
  }

  @Test func seedsRepeatAndMissingSeedsDoNot() throws {
    let input = try floats(Array(repeating: 0, count: 64), [64])
    let seeded = RandomNormalLike(seed: 0.5)
    #expect(try seeded.evaluate([input]) == seeded.evaluate([input]))
    #expect(try RandomNormalLike(seed: 0.25).evaluate([input]) != seeded.evaluate([input]))
    #expect(try RandomNormalLike().evaluate([input]) != RandomNormalLike().evaluate([input]))
  }

  @Test func distributionsHaveTheirMoments() throws {
    let count = 20_000
    func moments(_ tensor: Tensor) throws -> (Double, Double) {
      let numbers = try #require(tensor.doubles())
      let mean = numbers.reduce(0, +) / Double(numbers.count)
      return (mean, numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count))
    }
    let normal = try moments(try RandomNormal(shape: [count], mean: 3, scale: 2, seed: 1).evaluate([])[0])
    #expect(abs(normal.0 - 3) < 0.05 && abs(normal.1 - 4) < 0.2)
    let uniform = try moments(try RandomUniform(shape: [count], low: -1, high: 5, seed: 1).evaluate([])[0])
    #expect(abs(uniform.0 - 2) < 0.05 && abs(uniform.1 - 3) < 0.1)
    let chances = try floats(Array(repeating: 0.3, count: count), [count])
    let coins = try moments(try checkOperator(Bernoulli(dtype: .int32, seed: 4), inputs: [chances])[0])
    #expect(abs(coins.0 - 0.3) < 0.02)
    let classes = try checkOperator(
      Multinomial(dtype: .int64, sampleSize: count, seed: 2), inputs: [floats([0, -.infinity, 1.0986123], [1, 3])])[0]
    let drawn = try #require(classes.integers())
    #expect(abs(Double(drawn.count { $0 == 2 }) / Double(count) - 0.75) < 0.02)
    #expect(!drawn.contains(1))
  }

  @Test(arguments: DTypeDomain.floats.types)
  func likesTakeTheTypeOfTheirInput(_ dtype: DType) throws {
    let input = try Tensor.seeded(dtype, [2, 3], seed: 1)
    try checkOperator(RandomUniformLike(seed: 1), inputs: [input])
    try checkOperator(RandomNormalLike(dtype: dtype, seed: 1), inputs: [vector(1, 2)])
    expectRefusal(RandomUniformLike(), [try vector(1)], "operator/dtype")
  }

  @Test func impossibleChancesAreRefused() throws {
    let data = try floats([1, 2], [2])
    expectRefusal(Bernoulli(), [data], "operator/probability")
    expectRefusal(Dropout(), [data, try Tensor.scalar(Float(1)), try Tensor.scalar(true)], "operator/probability")
    expectRefusal(Dropout(), [data, try Tensor.scalar(Float.nan), try Tensor.scalar(true)], "operator/probability")
    expectRefusal(RandomNormal(shape: [1 << 40]), [], "limit/tensor-bytes")
    expectRefusal(RandomUniform(shape: [-1]), [], "operator/shape")
    expectRefusal(Multinomial(), [try floats([], [1, 0])], "operator/shape")
  }

  @Test func inferenceLeavesDropoutsAlone() throws {
    let data = try floats([1, 2, 3], [3])
    try checkOperator(Dropout(), inputs: [data], expected: [data, Tensor([true, true, true], shape: [3])])
  }
}
