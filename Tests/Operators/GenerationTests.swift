import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct GenerationTests {
  @Test(arguments: [DType.float16, .bfloat16, .float32, .float64, .int16, .int32, .int64])
  func ranges(_ dtype: DType) throws {
    for (start, limit, delta, expected) in [
      (3.0, 9.0, 3.0, [3.0, 6.0]), (10, 4, -2, [10, 8, 6]), (0, 0, 1, []), (5, 1, 1, []), (1, 8, 3, [1, 4, 7]),
    ] {
      let inputs = try [start, limit, delta].map { try Cast(to: dtype).evaluate([Tensor.scalar($0)])[0] }
      let wanted = try Cast(to: dtype).evaluate([Tensor(expected, shape: [expected.count])])[0]
      try checkOperator(RangeOperator(), inputs: inputs, expected: [wanted])
    }
  }

  @Test func endlessRangesAreRefused() throws {
    func range(_ start: Int64, _ limit: Int64, _ delta: Int64) throws -> [Tensor] {
      try [start, limit, delta].map { try Tensor.scalar($0) }
    }
    expectRefusal(RangeOperator(), try range(0, 5, 0), "operator/range")
    expectRefusal(RangeOperator(), try range(0, .max, 1), "limit/tensor-bytes")
    expectRefusal(RangeOperator(), try range(0, 1 << 40, 1), "limit/tensor-bytes")
    expectRefusal(RangeOperator(), try range(.min, .max, 1), "operator/range")
    try checkOperator(RangeOperator(), inputs: try range(.min, .max, .max), expected: [try vector(.min, -1, .max - 1)])
    for numbers in [[0, 5, 0], [0, .infinity, 1], [.nan, 1, 1], [0, 1e300, 1e-300]] as [[Double]] {
      expectRefusal(RangeOperator(), try numbers.map { try Tensor.scalar($0) }, "operator/range")
    }
    expectRefusal(RangeOperator(), [try vector(0), try vector(1, 2), try ints([1], [1, 1])], "operator/rank")
  }

  @Test(arguments: laterTypes + [.float16, .bfloat16, .float32, .float64, .int8, .uint64, .bool])
  func constantsTakeTheirValue(_ dtype: DType) throws {
    let value = try Tensor.seeded(dtype, [1], seed: 4)
    let result = try checkOperator(ConstantOfShape(value: value), inputs: [vector(2, 3)])[0]
    for position in 0..<6 {
      #expect(try Gather().evaluate([result.reshaped(to: [6]), vector(position)])[0] == value)
    }
  }

  @Test func constantsWithoutValueOrExtent() throws {
    try checkOperator(ConstantOfShape(), inputs: [vector(2)], expected: [floats([0, 0], [2])])
    #expect(try checkOperator(ConstantOfShape(), inputs: [vector()])[0].shape == [])
    #expect(try checkOperator(ConstantOfShape(), inputs: [vector(0, 1 << 50)])[0].shape == [0, 1 << 50])
    var attributes = Attributes()
    attributes.set("value", try vector(1, 2))
    #expect(throws: Diagnostic.self) { try ConstantOfShape(decoding: attributes) }
  }
}
