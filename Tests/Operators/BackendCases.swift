import LatheIR
import LatheOperators
import LatheTestSupport
import Testing

@Suite struct BackendCases {
  @Test func areRead() {
    #expect(BackendCase.all.count > 750)
  }

  @Test(arguments: BackendCase.all)
  func agrees(_ stored: BackendCase) throws {
    let op = try #require(try stored.decoded() as? any Evaluable)
    let expected = try stored.outputs.map { try $0?.tensor() }
    try checkOperator(
      op, inputs: try stored.inputs.map { try $0?.tensor() }, expected: expected,
      tolerance: Tolerance(absolute: stored.absolute, relative: stored.relative))
  }

  /// The suite has no cases of these, or none whose draws can be repeated.
  static let testedElsewhere: Set<String> = [
    "Bernoulli", "CodedGather", "Convolution", "EmbeddingNormalization", "FusedAttention", "Linear", "MaxRoiPool", "Multinomial",
    "PackedGRU", "PackedLSTM", "PackedLinear", "PackedQuantizedLinear", "QuantizeRows", "QuantizedAttention", "QuantizedConvolution",
    "QuantizedEmbedding", "QuantizedGRU", "QuantizedLSTM", "QuantizedLinear", "QuantizedNormalization", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
  ]

  @Test func coverEveryOperator() {
    let covered = Set(BackendCase.all.map(\.operator)).union(Self.testedElsewhere)
    // Cases hold tensors; operators on sequences and those that hold graphs have theirs in Tests/ONNX.
    for type in OperatorCatalog.standard.all where type is any Evaluable.Type {
      #expect(covered.contains(type.schema.name.name))
    }
  }
}
