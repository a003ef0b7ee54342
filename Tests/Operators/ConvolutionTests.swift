import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct ConvolutionTests {
  /// The sums of a convolution, window by window, without any of the code under test.
  private func reference(_ x: Tensor, _ w: Tensor, groups: Int, stride: Int, dilation: Int, pad: Int) throws -> [Double]
  {
    let (input, weight) = (try #require(x.doubles()), try #require(w.doubles()))
    let (height, width) = (x.shape[2], x.shape[3])
    let (perGroup, kh, kw) = (w.shape[1], w.shape[2], w.shape[3])
    let rows = (height + 2 * pad - dilation * (kh - 1) - 1) / stride + 1
    let columns = (width + 2 * pad - dilation * (kw - 1) - 1) / stride + 1
    var result: [Double] = []
    for image in 0..<x.shape[0] {
      for out in 0..<w.shape[0] {
        let group = out / (w.shape[0] / groups)
        for place in 0..<rows * columns {
          var sum = 0.0
          for index in 0..<perGroup * kh * kw {
            let (channel, i, j) = (group * perGroup + index / (kh * kw), index / kw % kh, index % kw)
            let row = place / columns * stride - pad + i * dilation
            let column = place % columns * stride - pad + j * dilation
            guard (0..<height).contains(row), (0..<width).contains(column) else { continue }
            sum +=
              input[((image * x.shape[1] + channel) * height + row) * width + column]
              * weight[out * perGroup * kh * kw + index]
          }
          result.append(sum)
        }
      }
    }
    return result
  }

  @Test(arguments: [1, 2], [(1, 1), (2, 1), (1, 2), (2, 2)])
  func followsTheDefinition(_ groups: Int, _ steps: (Int, Int)) throws {
    let (stride, dilation) = steps
    let x = try Tensor.seeded(.float64, [2, 4, 7, 6], seed: 1)
    let w = try Tensor.seeded(.float64, [6, 4 / groups, 3, 2], seed: 2)
    let window = SlidingWindow(strides: [stride, stride], dilations: [dilation, dilation], pads: [1, 1, 1, 1])
    let y = try checkOperator(Conv(window: window, groups: groups), inputs: [x, w])[0]
    let expected = try reference(x, w, groups: groups, stride: stride, dilation: dilation, pad: 1)
    #expect(y.elementCount == expected.count)
    for (own, other) in zip(try #require(y.doubles()), expected) { #expect(abs(own - other) < 1e-12) }
  }

  /// ⟨Conv(x), y⟩ = ⟨x, ConvTranspose(y)⟩.
  @Test(arguments: [1, 2], [(1, 1), (2, 1), (1, 2), (2, 2)])
  func transposeIsTheAdjoint(_ groups: Int, _ steps: (Int, Int)) throws {
    let (stride, dilation) = steps
    let x = try Tensor.seeded(.float64, [1, 4, 7, 7], seed: 1)
    let w = try Tensor.seeded(.float64, [6, 4 / groups, 3, 3], seed: 2)
    let window = SlidingWindow(strides: [stride, stride], dilations: [dilation, dilation], pads: [1, 1, 1, 1])
    let forward = try Conv(window: window, groups: groups).evaluate([x, w])[0]
    let y = try Tensor.seeded(.float64, forward.shape, seed: 3)
    let padding = (7 + 2 - dilation * 2 - 1) % stride
    let transposed = ConvTranspose(window: window, groups: groups, outputPadding: [padding, padding])
    let back = try checkOperator(transposed, inputs: [y, w])[0]
    #expect(back.shape == x.shape)
    func product(_ a: Tensor, _ b: Tensor) -> Double {
      zip(a.doubles() ?? [], b.doubles() ?? []).reduce(0) { $0 + $1.0 * $1.1 }
    }
    #expect(abs(product(forward, y) - product(x, back)) < 1e-9)
  }

  @Test func deformedByNothingIsConv() throws {
    let (x, w) = (
      try Tensor.seeded(.float64, [2, 4, 5, 6], seed: 1), try Tensor.seeded(.float64, [6, 2, 3, 2], seed: 2)
    )
    let plain = try Conv(groups: 2).evaluate([x, w])[0]
    let offsets = try Tensor([Double](repeating: 0, count: 2 * 24 * 3 * 5), shape: [2, 24, 3, 5])
    try checkOperator(
      DeformConv(groups: 2, offsetGroups: 2), inputs: [x, w, offsets], expected: [plain],
      tolerance: Tolerance(absolute: 1e-12))
  }

  @Test func refusesWhatDoesNotFit() throws {
    let (x, w) = (
      try Tensor.seeded(.float32, [1, 2, 4, 4], seed: 1), try Tensor.seeded(.float32, [2, 2, 3, 3], seed: 2)
    )
    let narrow = try Tensor.seeded(.float32, [2, 3, 3, 3], seed: 2)
    expectRefusal(Conv(), [x, narrow], "operator/convolution")
    expectRefusal(Conv(groups: 2), [x, w], "operator/convolution")
    expectRefusal(Conv(window: SlidingWindow(dilations: [2, 2])), [x, w], "operator/window")
    expectRefusal(Conv(window: SlidingWindow(strides: [1])), [x, w], "operator/window")
    expectRefusal(Conv(window: SlidingWindow(kernelShape: [2, 2])), [x, w], "operator/window")
    expectRefusal(Conv(), [x, w, try floats([1], [1])], "operator/convolution")
    let huge = SlidingWindow(kernelShape: [2, 2], pads: [1 << 20, 1 << 20, 1 << 20, 1 << 20])
    expectRefusal(MaxPool(window: huge), [x], "limit/tensor-bytes")
    let wide = SlidingWindow(kernelShape: [1 << 30, 1 << 30], autoPad: .sameUpper)
    expectRefusal(MaxPool(window: wide), [x], "operator/window")
    for (name, value) in [
      ("strides", Attribute.integers([0, 1])), ("dilations", .integers([-1, 1])), ("pads", .integers([-1, 0, 0, 0])),
      ("kernel_shape", .integers([.max, 1])), ("group", .integer(0)), ("auto_pad", .string("SOME")),
    ] {
      #expect(throws: Diagnostic.self) { try Conv(decoding: Attributes([(name, value)])) }
    }
    let positions = try ints([0, 99], [1, 1, 1, 2])
    let unpool = MaxUnpool(window: SlidingWindow(kernelShape: [2, 2], strides: [2, 2]))
    expectRefusal(unpool, [try floats([1, 2], [1, 1, 1, 2]), positions], "operator/max-unpool")
  }

  @Test func emptyBatches() throws {
    let (x, w) = (try floats([], [0, 2, 4, 4]), try Tensor.seeded(.float32, [2, 2, 3, 3], seed: 2))
    try checkOperator(Conv(), inputs: [x, w])
    try checkOperator(ConvTranspose(), inputs: [x, w])
    try checkOperator(AveragePool(window: SlidingWindow(kernelShape: [2, 2])), inputs: [x])
    try checkOperator(MaxPool(window: SlidingWindow(kernelShape: [2, 2])), inputs: [x])
  }

  /// What MaxPool finds, MaxUnpool puts back.
  @Test func unpoolingUndoesPooling() throws {
    let window = SlidingWindow(kernelShape: [2, 2], strides: [2, 2])
    let x = try Tensor.seeded(.float32, [2, 3, 4, 6], seed: 1)
    let pooled = try checkOperator(MaxPool(window: window), inputs: [x])
    let back = try checkOperator(MaxUnpool(window: window), inputs: [pooled[0], pooled[1]])[0]
    let (own, other) = (try #require(x.doubles()), try #require(back.doubles()))
    for (a, b) in zip(own, other) { #expect(b == 0 || a == b) }
    #expect(other.filter { $0 != 0 }.count == pooled[0].elementCount)
  }
}
