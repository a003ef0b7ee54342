import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct ImageTests {
  @Test(arguments: movableTypes)
  func nearestResizesTakeEveryType(_ dtype: DType) throws {
    let input = try Tensor.seeded(dtype, [1, 2, 3], seed: 4)
    let sampling = ResizeSampling(transformation: .asymmetric, rounding: .floor)
    let larger = try checkOperator(Resize(sampling: sampling), inputs: [input, nil, floats([1, 2, 2], [3])])[0]
    #expect(larger.shape == [1, 4, 6])
    try checkOperator(Resize(sampling: sampling), inputs: [larger, nil, nil, vector(1, 2, 3)], expected: [input])
  }

  @Test(arguments: DTypeDomain.numeric.types)
  func meansOfConstantsAreConstant(_ dtype: DType) throws {
    let input = try Cast(to: dtype).evaluate([floats(Array(repeating: 7, count: 20), [4, 5])])[0]
    for mode in [Resize.Mode.linear, .cubic] {
      for transformation in ResizeSampling.Transformation.allCases where transformation != .cropAndResize {
        for antialias in [true, false] {
          let op = Resize(
            mode: mode,
            sampling: ResizeSampling(
              transformation: transformation, isAntialiased: antialias, excludesOutside: antialias))
          let result = try checkOperator(op, inputs: [input, nil, nil, vector(7, 3)])[0]
          #expect(try #require(result.doubles()).allSatisfy { abs($0 - 7) < 0.07 }, "\(mode) \(transformation)")
        }
      }
    }
  }

  @Test func resizesThatMakeNoSenseAreRefused() throws {
    let input = try floats([1, 2, 3, 4], [2, 2])
    for scale in [0, -1, .nan, .infinity, 1e30] as [Float] {
      expectRefusal(Resize(), [input, nil, try floats([1, scale], [2])], "operator/resize")
    }
    expectRefusal(Resize(), [input, nil, try floats([1e9, 1e9], [2])], "limit/tensor-bytes")
    expectRefusal(Resize(), [input], "operator/resize")
    expectRefusal(Resize(), [input, nil, try floats([1, 1], [2]), try vector(2, 2)], "operator/resize")
    expectRefusal(Resize(), [input, nil, nil, try vector(1)], "operator/resize")
    expectRefusal(Resize(), [input, nil, nil, try vector(1, -1)], "operator/shape")
    expectRefusal(Resize(), [try floats([], [0, 2]), nil, nil, try vector(1, 2)], "operator/resize")
    expectRefusal(Resize(policy: .notLarger), [input, nil, nil, try vector(.max, .max)], "operator/resize")
    let crop = Resize(mode: .linear, sampling: ResizeSampling(transformation: .cropAndResize))
    expectRefusal(crop, [input, nil, nil, try vector(2, 2)], "operator/resize")
    expectRefusal(crop, [input, try floats([0, 0, .nan, 1], [4]), nil, try vector(2, 2)], "operator/resize")
    #expect(throws: Diagnostic.self) { try Resize(decoding: Attributes([("antialias", .integer(1))])) }
  }

  @Test func resizesOfSymbolsStaySymbolic() throws {
    let type = ValueType.tensor(TensorType(.float32, ["n", 3, "h", "w"]))
    let scales = Operand(try floats([1, 1, 2, 0.5], [4]))
    #expect(try Resize().infer([Operand(type: type), nil, scales])[0].description == "f32[n, 3, 2*h, ?]")
  }

  @Test(arguments: GridSample.Mode.allCases)
  func identityGridsReadTheInput(_ mode: GridSample.Mode) throws {
    let input = try Tensor.seeded(.float32, [2, 3, 4, 5], seed: 1)
    let theta = try floats([1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0], [2, 2, 3])
    for aligns in [true, false] {
      let grid = try checkOperator(AffineGrid(alignsCorners: aligns), inputs: [theta, vector(2, 3, 4, 5)])[0]
      for padding in GridSample.Padding.allCases {
        let op = GridSample(mode: mode, padding: padding, alignsCorners: aligns)
        try checkOperator(op, inputs: [input, grid], expected: [input], tolerance: Tolerance(absolute: 1e-4))
      }
    }
  }

  @Test func gridsFarAwayAreRead() throws {
    let input = try Tensor.seeded(.float32, [1, 1, 2, 3], seed: 1)
    let grid = try floats([.nan, .infinity, -.infinity, 1e30, 3, -1e9], [1, 1, 3, 2])
    for mode in GridSample.Mode.allCases {
      for padding in GridSample.Padding.allCases {
        for aligns in [true, false] {
          try checkOperator(GridSample(mode: mode, padding: padding, alignsCorners: aligns), inputs: [input, grid])
        }
      }
    }
    expectRefusal(GridSample(), [input, try floats([1, 1, 1], [1, 1, 1, 3])], "operator/shape")
  }

  @Test func regionsArePooled() throws {
    let input = try floats((0..<16).map(Float.init), [1, 1, 4, 4])
    let regions = try floats([0, 0, 0, 3, 3], [1, 5])
    try checkOperator(
      MaxRoiPool(outputSize: [2, 2]), inputs: [input, regions], expected: [floats([5, 7, 13, 15], [1, 1, 2, 2])])
    let outside = try floats([0, 50, 50, 60, 60], [1, 5])
    try checkOperator(
      MaxRoiPool(outputSize: [1, 1]), inputs: [input, outside], expected: [floats([0], [1, 1, 1, 1])])
    expectRefusal(MaxRoiPool(outputSize: [1, 1]), [input, try floats([1, 0, 0, 1, 1], [1, 5])], "operator/index")
    expectRefusal(
      MaxRoiPool(outputSize: [1, 1]), [input, try floats([0, 0, 0, 1e30, 1], [1, 5])], "operator/region")
    let batch = try vector(0)
    for corners in [[0, 0, 1e30, 1], [0, 0, .infinity, 1], [0, .nan, 1, 1]] as [[Float]] {
      expectRefusal(RoiAlign(), [input, try floats(corners, [1, 4]), batch], "operator/region")
    }
    expectRefusal(RoiAlign(), [input, try floats([0, 0, 1, 1], [1, 4]), try vector(1)], "operator/index")
    let backwards = try checkOperator(RoiAlign(), inputs: [input, floats([3, 3, 1, 1], [1, 4]), batch])[0]
    #expect(backwards.doubles() == [0])
  }

  @Test func columnsThatDoNotFitAreRefused() throws {
    let columns = try floats(Array(repeating: 1, count: 16), [1, 4, 4])
    try checkOperator(
      Col2Im(), inputs: [columns, vector(3, 3), vector(2, 2)],
      expected: [floats([1, 2, 1, 2, 4, 2, 1, 2, 1], [1, 1, 3, 3])])
    expectRefusal(Col2Im(), [columns, try vector(4, 3), try vector(2, 2)], "operator/shape")
    expectRefusal(Col2Im(), [columns, try vector(3, 3), try vector(0, 2)], "operator/shape")
    expectRefusal(Col2Im(), [columns, try vector(1, 1), try vector(2, 2)], "operator/shape")
    expectRefusal(Col2Im(strides: [1]), [columns, try vector(3, 3), try vector(2, 2)], "operator/shape")
    expectRefusal(Col2Im(), [columns, try vector(1 << 40, 1 << 40), try vector(2, 2)], "tensor/shape")
  }

  @Test func boxesOfOneClassDoNotSuppressAnother() throws {
    let boxes = try floats([0, 0, 1, 1, 0, 0, 1, 1, 5, 5, 6, 6], [1, 3, 4])
    let scores = try floats([0.5, 0.9, 0.7, 0.9, 0.1, 0.9], [1, 2, 3])
    let most = try Tensor.scalar(Int64.max)
    try checkOperator(
      NonMaxSuppression(), inputs: [boxes, scores, most],
      expected: [ints([0, 0, 1, 0, 0, 2, 0, 1, 0, 0, 1, 2], [4, 3])])
    try checkOperator(NonMaxSuppression(), inputs: [boxes, scores], expected: [ints([], [0, 3])])
    expectRefusal(NonMaxSuppression(), [boxes, try floats([1, 2], [1, 1, 2]), most], "operator/shape")
  }
}
