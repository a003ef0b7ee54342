import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct ElementwiseTests {
  static let numeric: [DType] = [
    .float16, .bfloat16, .float32, .float64, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64,
  ]
  static let shapes: [([Int], [Int])] = [
    ([2, 3], [2, 3]), ([2, 3], [3]), ([3], [2, 3]), ([2, 1, 3], [4, 1]), ([], [2]), ([2], []), ([], []), ([0, 3], [1]),
    ([2, 3, 4], [2, 3, 1]), ([2, 3, 1], [2, 3, 4]), ([3, 1], [1, 4]),
  ]

  @Test(arguments: numeric)
  func arithmeticAgreesWithDoubles(_ dtype: DType) throws {
    let range: ClosedRange<Double> = dtype.isUnsignedInteger ? 4...9 : -9...9
    for (index, (left, right)) in Self.shapes.enumerated() {
      let a = try Tensor.seeded(dtype, left, seed: UInt64(index), in: range)
      let b = try Tensor.seeded(dtype, right, seed: UInt64(index + 100), in: 1...3)
      let operations: [(any Evaluable, (Double, Double) -> Double)] = [
        (Add(), { $0 + $1 }), (Sub(), { $0 - $1 }), (Mul(), { $0 * $1 }),
        (Div(), { dtype.isInteger ? ($0 / $1).rounded(.towardZero) : $0 / $1 }),
        (Max(), { max($0, $1) }), (Min(), { min($0, $1) }),
      ]
      for (op, apply) in operations {
        let result = try checkOperator(op, inputs: [a, b])[0]
        let (x, y) = (try wide(a, result.shape), try wide(b, result.shape))
        let tolerance = Tolerance(relative: [.float16: 0x1p-11, .bfloat16: 0x1p-8, .float32: 0x1p-24][dtype] ?? 0)
        let values = try #require(result.doubles())
        for position in values.indices {
          #expect(tolerance.accepts(values[position], apply(x[position], y[position])), "\(op.name) \(dtype)")
        }
      }
    }
  }

  /// Elements of a tensor broadcast to a shape, by the definition: index by index.
  private func wide(_ tensor: Tensor, _ shape: [Int]) throws -> [Double] {
    let values = try #require(tensor.doubles())
    return (0..<shape.reduce(1, *)).map { position in
      var (rest, place, stride) = (position, 0, 1)
      for axis in shape.indices.reversed() {
        let index = rest % shape[axis]
        rest /= shape[axis]
        let own = axis - (shape.count - tensor.rank)
        guard own >= 0 else { continue }
        if tensor.shape[own] != 1 { place += index * stride }
        stride *= tensor.shape[own]
      }
      return values[place]
    }
  }

  @Test func integersWrap() throws {
    let a = try Tensor([Int8(127), -128, 100], shape: [3])
    try checkOperator(
      Add(), inputs: [a, try Tensor([Int8(1)], shape: [1])],
      expected: [try Tensor([Int8(-128), -127, 101], shape: [3])])
    try checkOperator(
      Div(), inputs: [a, try Tensor([Int8(-1)], shape: [1])],
      expected: [try Tensor([Int8(-127), -128, -100], shape: [3])])
    try checkOperator(Mul(), inputs: [a, a], expected: [try Tensor([Int8(1), 0, 16], shape: [3])])
    try checkOperator(Neg(), inputs: [a], expected: [try Tensor([Int8(-127), -128, -100], shape: [3])])
    try checkOperator(Abs(), inputs: [a], expected: [try Tensor([Int8(127), -128, 100], shape: [3])])
  }

  @Test func integerDivisionByZeroIsRefused() throws {
    let (one, zero) = (try vector(1), try vector(0))
    expectRefusal(Div(), [one, zero], "operator/division-by-zero")
    expectRefusal(Mod(), [one, zero], "operator/division-by-zero")
    expectRefusal(Pow(), [zero, try vector(-1)], "operator/division-by-zero")
    let empty = try ints([], [0])
    try checkOperator(Div(), inputs: [empty, zero], expected: [empty])
    let floatsByZero = try floats([1, -1, 0], [3])
    try checkOperator(
      Div(), inputs: [floatsByZero, try floats([0], [1])], expected: [try floats([.infinity, -.infinity, .nan], [3])])
  }

  @Test func remaindersTakeTheirSigns() throws {
    let a = try vector(7, -7, 7, -7)
    let b = try vector(3, 3, -3, -3)
    try checkOperator(Mod(), inputs: [a, b], expected: [try vector(1, 2, -2, -1)])
    try checkOperator(Mod(truncates: true), inputs: [a, b], expected: [try vector(1, -1, 1, -1)])
    let x = try Tensor([7.5, -7.5, 1, -1] as [Double], shape: [4])
    let y = try Tensor([2, 2, -.infinity, -.infinity] as [Double], shape: [4])
    try checkOperator(
      Mod(), inputs: [x, y], expected: [try Tensor([1.5, 0.5, -.infinity, -1] as [Double], shape: [4])])
  }

  @Test func powersOfIntegers() throws {
    let base = try vector(2, -1, -1, 3, 1, -2)
    let exponent = try vector(10, 3, -4, -1, -9, 63)
    try checkOperator(Pow(), inputs: [base, exponent], expected: [try ints([1024, -1, 1, 0, 1, .min], [6])])
    try checkOperator(Pow(), inputs: [try vector(4), try floats([0.5], [1])], expected: [try vector(2)])
  }

  @Test func nanWinsAndComparesFalse() throws {
    let a = try floats([.nan, 1, -0.0], [3])
    let b = try floats([1, .nan, 0.0], [3])
    try checkOperator(Max(), inputs: [a, b, b], expected: [try floats([.nan, .nan, 0], [3])])
    try checkOperator(Min(), inputs: [a], expected: [a])
    try checkOperator(Relu(), inputs: [a], expected: [try floats([.nan, 1, 0], [3])])
    let comparisons: [(any Evaluable, Bool)] = [
      (Equal(), true), (Less(), false), (LessOrEqual(), true), (Greater(), false), (GreaterOrEqual(), true),
    ]
    for (op, last) in comparisons {
      try checkOperator(op, inputs: [a, b], expected: [try Tensor([false, false, last], shape: [3])])
    }
    #expect(try Abs().evaluate([b, nil])[0] == floats([1, .nan, 0], [3]))
  }

  @Test func textAndTruthCompare() throws {
    let words = try Tensor(strings: ["a", "b", "e\u{301}"], shape: [3, 1])
    let others = try Tensor(strings: ["b", "\u{E9}"], shape: [2])
    try checkOperator(
      Equal(), inputs: [words, others],
      expected: [try Tensor([false, false, true, false, false, false], shape: [3, 2])])
    let (p, q) = (
      try Tensor([true, true, false, false], shape: [4]), try Tensor([true, false, true, false], shape: [4])
    )
    try checkOperator(Equal(), inputs: [p, q], expected: [try Tensor([true, false, false, true], shape: [4])])
    try checkOperator(And(), inputs: [p, q], expected: [try Tensor([true, false, false, false], shape: [4])])
    try checkOperator(Or(), inputs: [p, q], expected: [try Tensor([true, true, true, false], shape: [4])])
    try checkOperator(Xor(), inputs: [p, q], expected: [try Tensor([false, true, true, false], shape: [4])])
    try checkOperator(Not(), inputs: [p], expected: [try Tensor([false, false, true, true], shape: [4])])
  }

  /// Correctly rounded: the double result, rounded once.
  @Test(arguments: [DType.float16, .bfloat16, .float32, .float64])
  func functionsOfOneFloat(_ dtype: DType) throws {
    let x = try Tensor.seeded(dtype, [3, 50], seed: 3, in: 0.01...4)
    for op in [
      Erf(), Sqrt(), Tanh(), Exp(), Log(), Sigmoid(), Gelu(), Gelu(approximation: .tanh), Relu(), Abs(), Neg(),
    ] as [any Evaluable] {
      let result = try checkOperator(op, inputs: [x])[0]
      let reference = try op.evaluate([try Tensor(try #require(x.doubles()), shape: x.shape)])[0]
      let rounded = try Cast(to: dtype).evaluate([reference])[0]
      #expect(result == rounded, "\(op.name)")
    }
  }

  @Test(arguments: movableTypes)
  func choosesElements(_ dtype: DType) throws {
    let x = try Tensor.seeded(dtype, [2, 3], seed: 1)
    let y = try Tensor.seeded(dtype, [2, 3], seed: 2)
    let all = try Tensor([true, true, true], shape: [3])
    let none = try Tensor([false], shape: [1])
    try checkOperator(Where(), inputs: [all, x, y], expected: [x])
    try checkOperator(Where(), inputs: [none, x, y], expected: [y])
    let mixed = try Tensor([true, false], shape: [2, 1])
    let result = try checkOperator(Where(), inputs: [mixed, x, y])[0]
    let starts = try vector(0)
    for (tensor, row) in [(x, 0), (y, 1)] {
      let cut: [Tensor?] = [nil, try vector(row), try vector(row + 1), starts]
      let slice = Slice()
      #expect(try slice.evaluate([result] + cut.dropFirst()) == slice.evaluate([tensor] + cut.dropFirst()))
    }
  }

  @Test func mismatchesAreRefused() throws {
    let (a, b) = (try floats([1, 2], [2]), try floats([1, 2, 3], [3]))
    for op in [Add(), Sub(), Mul(), Div(), Pow(), Max(), Less()] as [any Evaluable] {
      expectRefusal(op, [a, b], "operator/broadcast")
    }
    expectRefusal(Add(), [a, try vector(1, 2)], "operator/dtype")
    expectRefusal(Add(), [a], "operator/inputs")
    expectRefusal(Add(), [a, nil], "operator/inputs")
    expectRefusal(Max(), [], "operator/inputs")
    expectRefusal(Erf(), [try vector(1)], "operator/dtype")
    let tall = try Tensor.seeded(.int8, [100_000, 1], seed: 1)
    let wide = try Tensor.seeded(.int8, [1_000_000], seed: 1)
    expectRefusal(Add(), [tall, wide], "limit/tensor-bytes")
  }

  @Test func symbolsBroadcast() throws {
    let column = TensorType(.float32, ["batch", 1, "seq"])
    let row = TensorType(.float32, ["seq"])
    #expect(try inferred(Add(), [(column, nil), (row, nil)]) == "f32[batch, 1, seq]")
    #expect(try inferred(Add(), [(column, nil), (TensorType(.float32, [4, "seq"]), nil)]) == "f32[batch, 4, seq]")
    #expect(try inferred(Add(), [(column, nil), (TensorType(.float32, ["other"]), nil)]) == "f32[batch, 1, ?]")
    #expect(try inferred(Add(), [(column, nil), (TensorType(.float32, nil), nil)]) == "f32[*]")
    let cut = Dimension.minimum("seq", 512)
    #expect(try inferred(Mul(), [(row, nil), (TensorType(.float32, [cut]), nil)]) == "f32[seq]")
  }
}
