import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

extension GraphAssembly {
  /// One layer: attention, and two products with an activation between, each added to what went in and normalized.
  mutating func encoderLayer(
    _ x: ValueID, _ names: LayerNames, _ sizes: EncoderSizes, mask: ValueID, bias: ValueID? = nil
  ) throws(Diagnostic) -> ValueID {
    let joined = try attention(x, names, sizes, mask: mask, bias: bias)
    let projected = try linear(joined, names.attentionOutput, from: sizes.hidden, to: sizes.hidden)
    let middle = try residual(projected, x, names.attentionNorm, sizes)
    let wide = try linear(middle, names.intermediate, from: sizes.hidden, to: sizes.intermediate)
    let active = try activation(wide, sizes.activation, names.intermediate + ".activation")
    let narrow = try linear(active, names.output, from: sizes.intermediate, to: sizes.hidden)
    return try residual(narrow, middle, names.outputNorm, sizes)
  }

  private mutating func residual(
    _ x: ValueID, _ shortcut: ValueID, _ norm: String, _ sizes: EncoderSizes
  ) throws(Diagnostic) -> ValueID {
    let sum = try add(Add(), [x, shortcut], norm + ".residual")
    return try normalization(sum, norm, sizes.hidden, epsilon: sizes.epsilon)
  }

  /// Vaswani et al. 2017; `bias` is added to the scores before the mask.
  private mutating func attention(
    _ x: ValueID, _ names: LayerNames, _ sizes: EncoderSizes, mask: ValueID, bias: ValueID?
  ) throws(Diagnostic) -> ValueID {
    let width = sizes.hidden / sizes.heads
    let split = try integers("heads", [0, 0, sizes.heads, width])
    func headed(_ assembly: inout GraphAssembly, _ name: String, _ permutation: [Int]) throws(Diagnostic) -> ValueID {
      let projected = try assembly.linear(x, name, from: sizes.hidden, to: sizes.hidden)
      let heads = try assembly.add(Reshape(), [projected, split], name + ".split")
      return try assembly.add(Transpose(permutation: permutation), [heads], name + ".heads")
    }
    let query = try headed(&self, names.query, [0, 2, 1, 3])
    let key = try headed(&self, names.key, [0, 2, 3, 1])
    let value = try headed(&self, names.value, [0, 2, 1, 3])
    let scale = try number("scale", Float(1 / Double(width).squareRoot()))
    let stem = names.query + ".scores"
    var scores = try add(Mul(), [try add(MatMul(), [query, key], stem + ".products"), scale], stem)
    if let bias { scores = try add(Add(), [scores, bias], stem + ".biased") }
    scores = try add(Add(), [scores, mask], stem + ".masked")
    let shares = try add(Softmax(axis: -1), [scores], stem + ".softmax")
    let mixed = try add(MatMul(), [shares, value], names.value + ".mixed")
    let back = try add(Transpose(permutation: [0, 2, 1, 3]), [mixed], names.value + ".back")
    return try add(Reshape(), [back, try integers("joined", [0, 0, sizes.hidden])], names.value + ".joined")
  }

  /// What is added to scores: 0 for tokens, and `hidden` for padding, of [batch, 1, 1, sequence].
  mutating func additiveMask(_ mask: ValueID, hidden: Float) throws(Diagnostic) -> ValueID {
    let keeps = try add(Cast(to: .bool), [mask], "mask.keeps")
    let wide = try add(Unsqueeze(), [keeps, try integers("axes", [1, 2])], "mask.wide")
    return try add(Where(), [wide, try number("kept", 0), try number("hidden", hidden)], "mask.additive")
  }
}

extension GraphAssembly {
  /// Embeddings and a stack of layers of one width.
  mutating func encoder(
    _ embeddings: TokenEmbeddings, _ sizes: EncoderSizes, style: NamingStyle, names: (Int) -> LayerNames
  ) throws(Diagnostic) -> ValueID {
    var (x, mask, _) = try embeddings.embed(in: &self, style: style)
    if embeddings.width != sizes.hidden {
      x = try linear(x, "embeddings_project", from: embeddings.width, to: sizes.hidden)
    }
    for layer in 0..<sizes.layers {
      x = try encoderLayer(x, names(layer), sizes, mask: mask)
    }
    return x
  }
}
