import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

/// Extents that no memory holds: beside a 0 they cost nothing to claim, so nothing may be allocated or counted by them.
@Suite struct HostileExtentTests {
  private static let huge = 1 << 40

  private static func empty(_ shape: [Int]) throws -> Tensor { try Tensor([Float](), shape: shape) }

  @Test(arguments: [[0, huge], [huge, 0], [huge, 0, huge >> 20], [0, 1 << 62]])
  func emptyTensorsOfHugeExtent(_ shape: [Int]) throws {
    let tensor = try Self.empty(shape)
    for axis in shape.indices {
      #expect(try Softmax(axis: axis).evaluateChecked([tensor], limits: ResourceLimits())[0].shape == shape)
    }
    let one = try floats([1], [1])
    for op in [LayerNormalization(axis: -1), LayerNormalization(axis: 0)] {
      do {
        let outputs = try op.evaluateChecked([tensor, one], limits: ResourceLimits())
        #expect(outputs[0].shape == shape)
      } catch {
        #expect(error.id == "limit/tensor-bytes", "\(error.message)")
      }
    }
  }

  @Test func productsOfRowsOfNothing() throws {
    let (tall, none) = (try Self.empty([Self.huge, 0]), try Self.empty([0, 0]))
    #expect(try MatMul().evaluateChecked([tall, none], limits: ResourceLimits())[0].shape == [Self.huge, 0])
    #expect(try Gemm().evaluateChecked([tall, none], limits: ResourceLimits())[0].shape == [Self.huge, 0])
    let sums = try MatMul().evaluateChecked([Self.empty([2, 0]), Self.empty([0, 3])], limits: ResourceLimits())[0]
    #expect(try sums == floats([Float](repeating: 0, count: 6), [2, 3]))
  }

  @Test func recurrenceOverNothing() throws {
    let (weights, recurrence) = (
      try floats([Float](repeating: 0, count: 8), [1, 8, 1]), try floats([Float](repeating: 0, count: 16), [1, 8, 2])
    )
    let outputs = try LSTM(hiddenSize: 2).evaluateChecked(
      [Self.empty([1 << 50, 0, 1]), weights, recurrence], limits: ResourceLimits())
    #expect(outputs.map(\.shape) == [[1 << 50, 1, 0, 2], [1, 0, 2], [1, 0, 2]])
    let stateless = try LSTM().evaluateChecked(
      [Self.empty([1, 1 << 50, 0]), Self.empty([1, 0, 0]), Self.empty([1, 0, 0])], limits: ResourceLimits())
    #expect(stateless.map(\.shape) == [[1, 1, 1 << 50, 0], [1, 1 << 50, 0], [1, 1 << 50, 0]])
    let (gates, square) = (try floats([Float](repeating: 0, count: 6), [1, 6, 1]), try floats([Float](repeating: 0, count: 12), [1, 6, 2]))
    let gated = try GRU().evaluateChecked([Self.empty([1 << 50, 0, 1]), gates, square], limits: ResourceLimits())
    #expect(gated.map(\.shape) == [[1 << 50, 1, 0, 2], [1, 0, 2]])
    let packed = try PackedGRU().evaluateChecked([Self.empty([0, 1 << 50, 1]), gates, square], limits: ResourceLimits())
    #expect(packed.map(\.shape) == [[0, 1 << 50, 2], [0, 2]])
  }

  @Test func ranksAreBounded() throws {
    let rank = Tensor.maximumRank
    let wide = try Tensor([Int64](repeating: 1, count: rank + 1), shape: [rank + 1])
    expectRefusal(ConstantOfShape(), [wide], "operator/rank")
    expectRefusal(Expand(), [try floats([1], []), wide], "operator/rank")
    expectRefusal(Reshape(), [try floats([1], []), wide], "operator/rank")
    let axes = try Tensor((0..<Int64(rank)).map { $0 }, shape: [rank])
    expectRefusal(Unsqueeze(), [try floats([1], [1]), axes], "tensor/rank")
    let deep = try ints([0], Array(repeating: 1, count: 600))
    expectRefusal(Gather(), [deep, deep], "tensor/rank")
    // Vectors whose length is only declared.
    let long = TensorType(.int64, [.known(1 << 40)])
    for op in [Reshape(), Expand(), Unsqueeze(), Squeeze()] as [any Operator] {
      #expect(throws: Diagnostic.self) {
        try op.infer([Operand(type: .tensor(TensorType(.float32, [2, 3]))), Operand(type: .tensor(long))])
      }
    }
    #expect(throws: Diagnostic.self) { try ConstantOfShape().infer([Operand(type: .tensor(long))]) }
  }

  @Test func stringsCountAgainstTheLimit() throws {
    let text = try Tensor(strings: ["x"], shape: [])
    expectRefusal(Expand(), [text, try vector(1 << 32)], "limit/tensor-bytes")
    #expect(try Expand().evaluateChecked([text, vector(3)], limits: ResourceLimits())[0].strings == ["x", "x", "x"])
  }
}
