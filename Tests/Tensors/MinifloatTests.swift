import LatheTensors
import Testing

@Suite struct MinifloatTests {
  static let formats: [DType] = [
    .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float6e2m3, .float6e3m2, .float4e2m1,
  ]

  @Test(arguments: formats) func everyCodeSurvivesDecodingAndEncoding(_ dtype: DType) throws {
    let format = try #require(MinifloatFormat(dtype))
    for code in 0..<UInt8(truncatingIfNeeded: (1 << dtype.bitWidth) - 1) {
      let value = format.decode(code)
      let again = format.encode(value, saturate: false)
      #expect(value.isNaN ? format.decode(again).isNaN : again == code, "\(dtype) code \(code) is \(value)")
    }
  }

  @Test(arguments: formats) func roundingPicksTheNearestCode(_ dtype: DType) throws {
    let format = try #require(MinifloatFormat(dtype))
    let values = (0..<(1 << dtype.bitWidth)).map { format.decode(UInt8(truncatingIfNeeded: $0)) }.filter(\.isFinite)
      .sorted()
    let largest = try #require(values.last)
    for step in 0..<400 {
      let value = largest * Float(step) / 400
      let rounded = format.decode(format.encode(value))
      let best = values.map { abs($0 - value) }.min()
      #expect(abs(rounded - value) == best || dtype == .float8e8m0, "\(dtype): \(value) became \(rounded)")
    }
  }

  @Test func knownExtremes() throws {
    #expect(try #require(MinifloatFormat(.float8e4m3fn)).decode(0x7E) == 448)
    #expect(try #require(MinifloatFormat(.float8e4m3fn)).decode(0x7F).isNaN)
    #expect(try #require(MinifloatFormat(.float8e4m3fnuz)).decode(0x7F) == 240)
    #expect(try #require(MinifloatFormat(.float8e4m3fnuz)).decode(0x80).isNaN)
    #expect(try #require(MinifloatFormat(.float8e5m2)).decode(0x7B) == 57344)
    #expect(try #require(MinifloatFormat(.float8e5m2)).decode(0x7C) == .infinity)
    #expect(try #require(MinifloatFormat(.float8e5m2fnuz)).decode(0x7F) == 57344)
    #expect(try #require(MinifloatFormat(.float8e8m0)).decode(127) == 1)
    #expect(try #require(MinifloatFormat(.float6e2m3)).decode(0x1F) == 7.5)
    #expect(try #require(MinifloatFormat(.float6e3m2)).decode(0x1F) == 28)
    #expect(try #require(MinifloatFormat(.float4e2m1)).decode(0x7) == 6)
  }

  @Test func saturationIsAChoice() throws {
    let format = try #require(MinifloatFormat(.float8e5m2))
    #expect(format.decode(format.encode(1e6)) == 57344)
    #expect(format.decode(format.encode(1e6, saturate: false)) == .infinity)
    let finite = try #require(MinifloatFormat(.float8e4m3fn))
    #expect(finite.decode(finite.encode(-.infinity)) == -448)
    #expect(finite.decode(finite.encode(1e6, saturate: false)).isNaN)
  }

  @Test func bfloat16RoundsOnceToNearestEven() {
    #expect(BFloat16(1.00390625).float == 1)
    #expect(BFloat16(1.01171875).float == 1.015625)
    #expect(BFloat16(double: 1.00390625 + 1e-12).float == 1.0078125)
    #expect(BFloat16(Float.nan).float.isNaN)
    #expect(BFloat16(3.4e38).float == .infinity)
  }
}
