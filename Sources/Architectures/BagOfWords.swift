import LatheDiagnostics
import LatheIR
import LatheOperators

/// The sum of a text's words, through two layers.
struct BagOfWords: TextClassifier {
  let width: Int
  let hidden: Int

  init(_ config: ModelConfiguration) throws(Diagnostic) {
    width = try config.integer("emb_dim")
    hidden = try config.integer("hidden_size")
  }

  func encode(_ words: ValueID, in assembly: inout GraphAssembly) throws(Diagnostic) -> (ValueID, extent: Int) {
    let axis = try assembly.integers("sequence_axis", [1])
    let sum = try assembly.add(ReduceSum(keepsAxes: false), [words, axis], "sum")
    let bounded = try assembly.activation(sum, .tanh, "sum.activation")
    let dense = try assembly.linear(bounded, "fc1", from: width, to: hidden)
    return (try assembly.activation(dense, .tanh, "fc1.activation"), hidden)
  }
}
