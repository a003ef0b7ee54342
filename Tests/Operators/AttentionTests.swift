import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct AttentionTests {
  private let x: [Tensor?]

  init() throws {
    x = try (1...3).map { try Tensor.seeded(.float64, [2, 4, 3, 8], seed: UInt64($0)) }
  }

  /// The definition, by operators of other families.
  @Test func isSoftmaxOfProducts() throws {
    let scores = try MatMul().evaluate([x[0], Transpose(permutation: [0, 1, 3, 2]).evaluate([x[1]])[0]])[0]
    let scaled = try Mul().evaluate([scores, Tensor.scalar(0.5)])[0]
    let expected = try MatMul().evaluate([Softmax().evaluate([scaled])[0], x[2]])[0]
    try checkOperator(
      Attention(scale: 0.5), inputs: x, expected: [expected, x[1], x[2], nil], tolerance: Tolerance(absolute: 1e-12))
  }

  /// Steps one by one with a cache give what all steps at once give.
  @Test func cachesWhatIsPast() throws {
    let whole = try Attention(isCausal: true).evaluate(x)[0]
    var cache: [Tensor?] = [nil, nil]
    for step in 0..<3 {
      let one = try x.map { try Slice().evaluate([$0, vector(step), vector(step + 1), vector(2)])[0] }
      let outputs = try checkOperator(Attention(isCausal: true), inputs: one + [nil] + cache)
      let wanted = try Slice().evaluate([whole, vector(step), vector(step + 1), vector(2)])[0]
      #expect(outputs[0].difference(from: wanted, Tolerance(absolute: 1e-12)) == nil)
      cache = [outputs[1], outputs[2]]
    }
  }

  @Test func attendsToNothing() throws {
    let nothing = try Tensor([Bool](repeating: false, count: 3), shape: [1, 3])
    let outputs = try checkOperator(Attention(scores: .probabilities), inputs: x + [nothing])
    #expect(outputs[0].doubles()?.allSatisfy { $0 == 0 } == true)
    #expect(outputs[3].doubles()?.allSatisfy { $0 == 0 } == true)
  }

  @Test func refusesWhatDoesNotFit() throws {
    let other = try Tensor.seeded(.float64, [2, 3, 3, 8], seed: 4)
    expectRefusal(Attention(), [x[0], other, other], "operator/attention")
    expectRefusal(Attention(), [x[0], x[1], other], "operator/attention")
    expectRefusal(Attention(), x + [try Tensor.seeded(.float64, [4, 4], seed: 5)], "operator/attention")
    expectRefusal(Attention(), x + [nil, x[0]], "operator/attention")
    let packed = try Tensor.seeded(.float64, [2, 3, 8], seed: 6)
    expectRefusal(Attention(), [packed, packed, packed], "operator/attention")
    expectRefusal(Attention(heads: 3, sharedHeads: 3), [packed, packed, packed], "operator/attention")
    let lengths = try Tensor([Int64.min, .max], shape: [2])
    try checkOperator(Attention(isCausal: true, leftWindow: .max), inputs: x + [nil, nil, nil, lengths])
    for (name, value) in [
      ("q_num_heads", 0), ("left_window_size", -2), ("qk_matmul_output_mode", 4), ("softmax_precision", 3),
    ] {
      #expect(throws: Diagnostic.self) { try Attention(decoding: Attributes([(name, .integer(Int64(value)))])) }
    }
  }

  @Test func rotaryPositionsStayInTheCaches() throws {
    let caches = try Tensor.seeded(.float32, [5, 4], seed: 1)
    let x = try Tensor.seeded(.float32, [1, 2, 3, 8], seed: 2)
    try checkOperator(RotaryEmbedding(), inputs: [x, caches, caches, ints([0, 4, 2], [1, 3])])
    for position in [-1, 5, Int.max] {
      expectRefusal(
        RotaryEmbedding(), [x, caches, caches, try ints([0, position, 2], [1, 3])], "operator/rotary-embedding")
    }
    expectRefusal(
      RotaryEmbedding(turnedSize: 10), [x, caches, caches, try ints([0, 1, 2], [1, 3])], "operator/rotary-embedding")
  }
}
