import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

/// A small model of products as quantization tools write it.
@Suite struct QuantizerTests {
  static let forms = QuantizedForms("models", input: ("ids", .int64))

  @Test func allFormsAreThere() { #expect(Self.forms.names.count >= 17) }

  @Test(arguments: forms.names) func allProductsRunOnTheCodesOfTheirWeights(_ name: String) throws {
    try Self.forms.expectCodes(
      name, of: QuantizedLinear.self, count: 3, ranks: 2...2,
      without: ["MatMul", "Gemm", "MatMulInteger", "QLinearMatMul", "Linear", "PackedLinear"])
  }

  @Test(arguments: forms.names) func resultsStay(_ name: String) throws { try Self.forms.expectSameResults(name) }

  /// Their factors and roundings are kept, not only their mathematics.
  @Test(arguments: forms.names.filter { $0.hasPrefix("qop") }) func operatorsOfQuantizedProductsKeepTheirBits(
    _ name: String
  ) throws {
    let forms = Self.forms
    #expect(try forms.result(forms.original(name), name) == forms.result(forms.folded(name).graph, name))
  }

  @Test(arguments: forms.names) func theFoldedModelGoesBackToONNX(_ name: String) throws {
    try Self.forms.expectExport(name)
  }
}

/// A small model of convolutions as quantization tools write it.
@Suite struct ConvolutionQuantizerTests {
  static let forms = QuantizedForms("pictures", input: ("x", .float32))

  @Test func allFormsAreThere() { #expect(Self.forms.names.count >= 19) }

  @Test(arguments: forms.names) func allConvolutionsRunOnTheCodesOfTheirWeights(_ name: String) throws {
    try Self.forms.expectCodes(
      name, of: QuantizedConvolution.self, count: 5, ranks: 3...4,
      without: ["Conv", "ConvInteger", "QLinearConv", "FusedConv", "Convolution", "Gemm", "MatMulInteger", "Linear"])
  }

  @Test(arguments: forms.names) func resultsStay(_ name: String) throws { try Self.forms.expectSameResults(name) }

  @Test(arguments: forms.names.filter { $0.hasPrefix("qop") }) func operatorsOfQuantizedConvolutionsKeepTheirBits(
    _ name: String
  ) throws {
    let forms = Self.forms
    #expect(try forms.result(forms.original(name), name) == forms.result(forms.folded(name).graph, name))
  }

  /// ONNX Runtime's own roundings are those of its QLinearConv, which is what the fold keeps.
  @Test(arguments: forms.names.filter { $0.hasPrefix("qop") })
  func operatorsOfQuantizedConvolutionsGiveONNXRuntimesBits(_ name: String) throws {
    let forms = Self.forms
    #expect(try forms.expected(name) == forms.result(forms.folded(name).graph, name))
  }

  @Test(arguments: forms.names) func theFoldedModelGoesBackToONNX(_ name: String) throws {
    try Self.forms.expectExport(name)
  }
}
