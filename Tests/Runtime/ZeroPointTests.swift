import Foundation
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

/// INT8 values with zero points, of both signs: every instruction set and number of threads gives the bits of reference evaluation.
@Suite struct ZeroPointTests {
  private static func codes(_ dtype: DType, _ shape: [Int], _ seed: UInt64) throws -> Tensor {
    var generator = SeededGenerator(seed: seed)
    let bytes = (0..<shape.reduce(1, *)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    return dtype == .uint8
      ? try Tensor(bytes, shape: shape) : try Tensor(bytes.map { Int8(bitPattern: $0) }, shape: shape)
  }

  private static func code(_ dtype: DType, _ bits: UInt8) throws -> Tensor {
    dtype == .uint8 ? try Tensor.scalar(bits) : try Tensor.scalar(Int8(bitPattern: bits))
  }

  @Test(arguments: [DType.int8, .uint8], [UInt8(0), 1, 127, 128, 255]) func layers(_ dtype: DType, _ zero: UInt8) throws
  {
    for (index, (m, k, n)) in [(1, 5, 3), (7, 64, 17), (33, 130, 48)].enumerated() {
      let seed = UInt64(index)
      let (x, w) = (try Self.codes(dtype, [1, m, k], seed), try Self.codes(.int8, [k, n], seed + 10))
      let (scales, bias) = (
        try Tensor.seeded(.float32, [n], seed: seed + 20), try Tensor.seeded(.float32, [n], seed: seed + 30)
      )
      let (one, fine) = (try Tensor.scalar(Float(0.013)), try Tensor.scalar(Float(0.37)))
      let operands = [
        x, one, w, scales, bias, nil, nil, fine, try Self.code(dtype, zero), try Self.code(dtype, 255 - zero),
        try Self.codes(.int8, [n], seed + 40),
      ]
      try expectSameBits(
        QuantizedLinear(activation: .gelu), operands, constants: [1, 2, 3, 4, 7, 8, 9, 10], outputs: 2)
      // Scale and zero point of X are computed, and nothing is quantized behind.
      let dynamic = [x, one, w, scales, nil, nil, nil, nil, try Self.code(dtype, zero)]
      try expectSameBits(QuantizedLinear(), dynamic, constants: [2, 3], outputs: 1)
    }
  }

  @Test(arguments: [DType.int8, .uint8], [UInt8(0), 1, 127, 128, 255]) func convolutions(_ dtype: DType, _ zero: UInt8) throws {
    let window = SlidingWindow(strides: [2, 1], dilations: [1, 2], pads: [1, 2, 0, 1])
    for (index, (groups, perGroup)) in [(1, 5), (2, 3), (6, 1)].enumerated() {
      let (seed, channels) = (UInt64(index), groups * perGroup)
      let (x, w) = (
        try Self.codes(dtype, [2, channels, 13, 21], seed), try Self.codes(.int8, [12, perGroup, 3, 4], seed + 10)
      )
      let (scales, bias) = (
        try Tensor.seeded(.float32, [12], seed: seed + 20), try Tensor.seeded(.float32, [12], seed: seed + 30)
      )
      let (one, fine) = (try Tensor.scalar(Float(0.013)), try Tensor.scalar(Float(0.37)))
      let (own, weights) = (try Self.code(dtype, zero), try Self.codes(.int8, [12], seed + 40))
      let op = QuantizedConvolution(Convolution(Conv(window: window, groups: groups), activation: .hardSwish))
      let operands = [x, one, w, scales, bias, nil, nil, fine, own, try Self.code(dtype, 255 - zero), weights]
      try expectSameBits(op, operands, constants: [1, 2, 3, 4, 7, 8, 9, 10], outputs: 2)
      // Scale and zero point of X, and W, are computed; nothing is quantized behind, and W has no zero points.
      try expectSameBits(op, [x, one, w, scales, nil, nil, nil, nil, own], constants: [3], outputs: 1)
    }
    let line = QuantizedConvolution(Convolution(Conv(window: SlidingWindow(pads: [3, 2]))))
    let (x, w) = (try Self.codes(dtype, [3, 4, 70], 1), try Self.codes(.int8, [8, 4, 5], 2))
    let scales = try Tensor.seeded(.float32, [8], seed: 3)
    let operands = [x, try Tensor.scalar(Float(0.013)), w, scales, nil, nil, nil, nil, try Self.code(dtype, zero)]
    try expectSameBits(line, operands, constants: [1, 2, 3, 8], outputs: 1)
  }

  @Test(arguments: [[1], [3, 1], [5, 7, 40], [2, 300], [1, 1, 513]]) func conversions(_ shape: [Int]) throws {
    let x = try Tensor.seeded(.float32, shape, seed: 1)
    let special = try Tensor(
      (x.elements(as: Float.self) ?? []).enumerated().map {
        $0 % 9 == 4 ? 0.0035 : $0 % 11 == 7 ? .infinity : $0 % 13 == 5 ? .nan : $1
      }, shape: shape)
    let scale = try Tensor.scalar(Float(0.007))
    for dtype in [DType.int8, .uint8] {
      for zero in [UInt8(0), 3, 128, 255] {
        try expectSameBits(
          QuantizeLinear(), [special, scale, try Self.code(dtype, zero)], constants: [1, 2], outputs: 1)
        try expectSameBits(
          DequantizeLinear(), [try Self.codes(dtype, shape, 2), scale, try Self.code(dtype, zero)], constants: [1, 2],
          outputs: 1)
      }
      try expectSameBits(
        QuantizeLinear(outputType: dtype), [x, try scale.reshaped(to: [1])], constants: [1], outputs: 1)
    }
    try expectSameBits(DynamicQuantizeLinear(), [x], constants: [], outputs: 3)
    try expectSameBits(DynamicQuantizeLinear(), [special], constants: [], outputs: 3)
    try expectSameBits(
      DynamicQuantizeLinear(), [try Tensor([Float](repeating: 0, count: 5), shape: [5])], constants: [], outputs: 3)
  }

  @Test(arguments: [
    ("%x, @s, @w, @ss, _, _, _, _, @u", "i8[1, 2, 6]"), ("%x, @s, @w, @ss, _, _, _, _, @i2", "i8[1, 2, 6]"),
    ("%x, @s, @w, @ss, _, _, _, _, _, @i", "i8[1, 2, 6]"), ("%x, @s, @w, @ss, _, _, _, @s, _, @i2", "i8[1, 2, 6]"),
    ("%x, @s, @w, @ss, _, _, _, _, _, _, @i", "i8[1, 2, 6]"),
    ("%x, @s, %v, @ss, _, _, _, _, @i", "i8[1, 70000, 6]"),
  ])
  func misfitsOfConvolutionsAreRefused(_ operands: String, _ type: String) throws {
    let error = #expect(throws: Diagnostic.self) {
      var graph = try GraphParser(catalog: .standard).parse(
        """
        graph (%x: \(type), %v: i8[2, 70000, 1]) -> (%y) {
          @s: f32[] = [1.0]
          @ss: f32[2] = [1.0, 2.0]
          @i: i8[] = [1]
          @i2: i8[2] = [1, 2]
          @u: u8[] = [1]
          @w: i8[2, 2, 1] = [1, 2, 3, 4]
          %y = lathe::QuantizedConvolution(\(operands))
        }
        """)
      try graph.inferTypes()
    }
    #expect(error?.category == .invalidInput)
  }

  @Test(arguments: [
    ("%x, @s, @w, @ss, _, _, _, _, @u", "i8[2, 2]"), ("%x, @s, @w, @ss, _, _, _, _, @i2", "i8[2, 2]"),
    ("%x, @s, @w, @ss, _, _, _, _, _, @i", "i8[2, 2]"),
    ("%x, @s, @w, @ss, _, _, _, @s, _, @i2", "i8[2, 2]"), ("%x, @s, @w, @ss, _, _, _, _, _, _, @i", "i8[2, 2]"),
    ("%x, @s, %w, @ss, _, _, _, _, @i", "i8[2, 70000]"),
  ])
  func misfitsAreRefused(_ operands: String, _ type: String) throws {
    let error = #expect(throws: Diagnostic.self) {
      var graph = try GraphParser(catalog: .standard).parse(
        """
        graph (%x: \(type), %w: i8[70000, 2]) -> (%y) {
          @s: f32[] = [1.0]
          @ss: f32[2] = [1.0, 2.0]
          @i: i8[] = [1]
          @i2: i8[2] = [1, 2]
          @u: u8[] = [1]
          @w: i8[2, 2] = [1, 2, 3, 4]
          %y = lathe::QuantizedLinear(\(operands))
        }
        """.replacingOccurrences(
          of: "@w: i8[2, 2] = [1, 2, 3, 4]", with: type.contains("70000") ? "" : "@w: i8[2, 2] = [1, 2, 3, 4]"))
      try graph.inferTypes()
    }
    #expect(error?.category == .invalidInput)
  }
}
