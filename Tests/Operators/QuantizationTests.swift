import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct QuantizationTests {
  /// Integer types with their ranges.
  static let ranges: [(DType, ClosedRange<Double>)] = [
    (.uint8, 0...255), (.int8, -128...127), (.uint16, 0...65535), (.int16, -32768...32767), (.uint4, 0...15),
    (.int4, -8...7), (.uint2, 0...3), (.int2, -2...1),
  ]
  static let minifloats: [DType] = [
    .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float4e2m1, .float6e2m3, .float6e3m2,
  ]

  @Test(arguments: ranges)
  func saturatesAndRoundsToEven(_ dtype: DType, _ range: ClosedRange<Double>) throws {
    let x = try floats([0.5, 1.5, -0.5, -1e30, 1e30, .infinity, -.infinity, .nan], [8])
    let y = try checkOperator(QuantizeLinear(outputType: dtype), inputs: [x, Tensor.scalar(Float(1))])[0]
    let low = range.lowerBound
    #expect(y.dtype == dtype)
    #expect(y.doubles() == [0, min(2, range.upperBound), 0, low, range.upperBound, range.upperBound, low, 0])
  }

  @Test(arguments: minifloats, [Float(0.25), 2])
  func roundTripsMinifloats(_ dtype: DType, _ scale: Float) throws {
    let scale = try Tensor.scalar(scale)
    let x = try floats([0, 0.5, -0.5, 1, -2], [5])
    let scaled = try Mul().evaluate([x, scale])[0]
    let y = try checkOperator(QuantizeLinear(outputType: dtype), inputs: [scaled, scale])[0]
    #expect(y.dtype == dtype)
    try checkOperator(DequantizeLinear(), inputs: [y, scale], expected: [scaled])
  }

  @Test(arguments: ranges.map(\.0), [DType.float32, .float16, .bfloat16])
  func roundTripsEveryGranularity(_ dtype: DType, _ scaleType: DType) throws {
    let x = try Cast(to: scaleType).evaluate([floats((0..<24).map { Float($0 % 2) }, [2, 4, 3])])[0]
    let scalar = try Cast(to: scaleType).evaluate([Tensor.scalar(Float(1))])[0]
    for (shape, axis, block) in [
      ([], 1, 0), ([4], 1, 0), ([3], -1, 0), ([2, 2, 3], 1, 2), ([2, 2, 3], 1, 3), ([2, 4, 1], 2, 3),
    ] {
      let scales = try Expand().evaluate([scalar, Tensor(shape.map { Int64($0) }, shape: [shape.count])])[0]
      let zeros = try QuantizeLinear(outputType: dtype).evaluate([Sub().evaluate([scales, scales])[0], scalar])[0]
      let y = try checkOperator(QuantizeLinear(axis: axis, blockSize: block), inputs: [x, scales, zeros])[0]
      try checkOperator(DequantizeLinear(axis: axis, blockSize: block), inputs: [y, scales, zeros], expected: [x])
    }
  }

  @Test func takesTheScaleOfItsPlace() throws {
    let x = try floats([1, 2, 3, 4, 5, 6], [2, 3])
    let columns = try floats([1, 2, 3], [3])
    try checkOperator(
      QuantizeLinear(), inputs: [x, columns], expected: [Tensor([1, 1, 1, 4, 2, 2] as [UInt8], shape: [2, 3])])
    let blocks = try floats([1, 2, 3, 4], [2, 2])
    let y = try Tensor([1, 1, 1, 1, 1, 1] as [Int8], shape: [2, 3])
    try checkOperator(
      DequantizeLinear(blockSize: 2), inputs: [y, blocks], expected: [floats([1, 1, 2, 3, 3, 4], [2, 3])])
  }

  @Test func refusesWhatDoesNotFit() throws {
    let x = try floats([1, 2, 3, 4, 5, 6], [2, 3])
    expectRefusal(QuantizeLinear(), [x, try floats([1, 2], [2])], "operator/quantization")
    expectRefusal(QuantizeLinear(axis: 5), [x, try floats([1, 2], [2])], "operator/axis")
    expectRefusal(QuantizeLinear(), [x, try floats([1, 2], [2, 1])], "operator/quantization")
    expectRefusal(QuantizeLinear(blockSize: 2), [x, try floats([1, 2], [2, 1])], "operator/quantization")
    expectRefusal(QuantizeLinear(blockSize: .max), [x, try floats([1, 2, 3, 4], [2, 2])], "operator/quantization")
    let zeros = try Tensor([1, 2, 3] as [Int8], shape: [3])
    expectRefusal(QuantizeLinear(outputType: .uint8), [x, try floats([1, 1, 1], [3]), zeros], "operator/dtype")
    expectRefusal(QuantizeLinear(), [x, try Tensor.scalar(Float(1)), zeros], "operator/quantization")
    for (name, value) in [("block_size", -1), ("output_dtype", 1), ("output_dtype", 99), ("precision", 3)] {
      #expect(throws: Diagnostic.self) { try QuantizeLinear(decoding: Attributes([(name, .integer(Int64(value)))])) }
    }
    let bytes = try Tensor([1, 2, 3, 4] as [UInt8], shape: [2, 2])
    expectRefusal(
      MatMulInteger(), [bytes, bytes, try Tensor([1, 2, 3] as [UInt8], shape: [3])], "operator/quantization")
  }

  @Test func emptyTensors() throws {
    try checkOperator(QuantizeLinear(), inputs: [floats([], [0, 3]), floats([1, 2, 3], [3])])
    try checkOperator(DequantizeLinear(), inputs: [Tensor([] as [Int8], shape: [2, 0]), floats([], [0])])
    try checkOperator(DynamicQuantizeLinear(), inputs: [floats([], [0])])
    let zeros = try checkOperator(DynamicQuantizeLinear(), inputs: [floats([0, 0], [2])])
    #expect(zeros[1].doubles() == [1])
  }
}
