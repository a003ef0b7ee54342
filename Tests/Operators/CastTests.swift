import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct CastTests {
  static let types = DType.allCases.filter { $0 != .complex64 && $0 != .complex128 }

  /// 0 and 1 are in every type but e8m0, which has no 0.
  @Test(arguments: types)
  func smallNumbersSurviveEveryType(_ source: DType) throws {
    let ones = try Cast(to: source).evaluate([Tensor([1, 1, 1] as [Float], shape: [3])])[0]
    for target in Self.types {
      let moved = try checkOperator(Cast(to: target), inputs: [ones])[0]
      let back = try checkOperator(Cast(to: .float32), inputs: [moved])[0]
      #expect(try back == floats([1, 1, 1], [3]), "\(source) → \(target)")
    }
  }

  @Test func integersKeepTheirLowBits() throws {
    let x = try vector(200, -1, 256, .min)
    try checkOperator(Cast(to: .int8), inputs: [x], expected: [Tensor([Int8(-56), -1, 0, 0], shape: [4])])
    try checkOperator(
      Cast(to: .uint64), inputs: [x], expected: [Tensor([UInt64(200), .max, 256, 1 << 63], shape: [4])])
    #expect(try Cast(to: .int4).evaluate([x])[0].integers() == [-8, -1, 0, 0])
    #expect(try Cast(to: .uint2).evaluate([x])[0].integers() == [0, 3, 0, 0])
  }

  @Test func floatsTruncateAndEnd() throws {
    let x = try floats([1.9, -1.9, 300, -300, .nan, .infinity], [6])
    try checkOperator(Cast(to: .int8), inputs: [x], expected: [Tensor([Int8(1), -1, 127, -128, 0, 127], shape: [6])])
    try checkOperator(Cast(to: .uint8), inputs: [x], expected: [Tensor([UInt8(1), 0, 255, 0, 0, 255], shape: [6])])
    try checkOperator(
      Cast(to: .bool), inputs: [try floats([0, -0.0, 0.1, .nan], [4])],
      expected: [Tensor([false, false, true, true], shape: [4])])
    try checkOperator(
      Cast(to: .float16), inputs: [try floats([1e6, -1e6], [2])],
      expected: [Tensor([Float16.infinity, -.infinity], shape: [2])])
  }

  /// Integers near a tie of the narrow type, where rounding by way of double would go wrong.
  @Test func roundsOnce() throws {
    let tie = (1 << 62) + (1 << 38)
    let x = try vector(tie, tie + 1, tie - 1, -(tie + 1))
    let low = Float(1 << 62)
    try checkOperator(Cast(to: .float32), inputs: [x], expected: [floats([low, low.nextUp, low, -low.nextUp], [4])])
    let half = 1 + 0x1p-4
    let doubles = try Tensor([half, half + 0x1p-50, half - 0x1p-50], shape: [3])
    #expect(try Cast(to: .float8e4m3fn).evaluate([doubles])[0].doubles() == [1, 1.125, 1])
  }

  @Test func saturation() throws {
    let x = try floats([1e9, -.infinity, .nan], [3])
    #expect(try Cast(to: .float8e4m3fn).evaluate([x])[0].doubles()?.prefix(2) == [448, -448])
    let open = try checkOperator(Cast(to: .float8e4m3fn, saturates: false), inputs: [x])[0]
    #expect(open.doubles()?.allSatisfy(\.isNaN) == true)
    #expect(
      try Cast(to: .float8e5m2, saturates: false).evaluate([x])[0].doubles()?.prefix(2) == [.infinity, -.infinity])
  }

  @Test func exponents() throws {
    let x = try floats([1, 1.25, 1.5, 0x1p-130, 0, .infinity, 0x1.8p127], [7])
    func codes(_ rounding: Cast.ExponentRounding, _ saturates: Bool) throws -> [UInt8]? {
      try checkOperator(Cast(to: .float8e8m0, saturates: saturates, rounding: rounding), inputs: [x])[0].codes
    }
    #expect(try codes(.up, true) == [127, 128, 128, 0, 0, 254, 254])
    #expect(try codes(.nearest, true) == [127, 127, 128, 0, 0, 254, 254])
    #expect(try codes(.down, false) == [127, 127, 127, 255, 255, 255, 254])
    #expect(try codes(.nearest, false) == [127, 127, 128, 255, 255, 255, 255])
  }

  @Test func text() throws {
    let words = try Tensor(strings: ["3.5", " 1e-5 ", "+INF", "-inf", "nan", "1000"], shape: [6])
    try checkOperator(
      Cast(to: .float32), inputs: [words], expected: [floats([3.5, 1e-5, .infinity, -.infinity, .nan, 1000], [6])])
    let whole = try Tensor(strings: ["9223372036854775807", "-3"], shape: [2])
    try checkOperator(Cast(to: .int64), inputs: [whole], expected: [vector(.max, -3)])
    try checkOperator(
      Cast(to: .int64), inputs: [Tensor(strings: ["100.5", "7"], shape: [2])], expected: [vector(100, 7)])
    try checkOperator(
      Cast(to: .string), inputs: [floats([0.1, .nan, -.infinity, 314.15926], [4])],
      expected: [Tensor(strings: ["0.1", "NaN", "-INF", "314.15927"], shape: [4])])
    try checkOperator(
      Cast(to: .string), inputs: [vector(.min)], expected: [Tensor(strings: ["-9223372036854775808"], shape: [1])])
    for hostile in ["", "Hello", "0x10", "1e", "--1", "١", "1_000"] {
      expectRefusal(Cast(to: .float32), [try Tensor(strings: [hostile], shape: [1])], "operator/cast-text")
      expectRefusal(Cast(to: .int8), [try Tensor(strings: [hostile], shape: [1])], "operator/cast-text")
    }
  }

  @Test func unknownTypesAreRefused() throws {
    for number in [0, 14, 15, 29, 256, -1] {
      var attributes = Attributes()
      attributes.set("to", number)
      #expect(throws: Diagnostic.self) { try Cast(decoding: attributes) }
    }
    #expect(throws: Diagnostic.self) { try Cast(decoding: Attributes()) }
  }
}
