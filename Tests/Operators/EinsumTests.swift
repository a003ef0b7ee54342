import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct EinsumTests {
  private func counting(_ shape: [Int]) throws -> Tensor {
    try Tensor((0..<shape.reduce(1, *)).map { Float($0 % 7) - 3 }, shape: shape)
  }

  @Test func agreesWithMatMulForAttention() throws {
    let (q, k) = (try counting([2, 3, 4, 5]), try counting([2, 3, 6, 5]))
    let transposed = try Transpose(permutation: [0, 1, 3, 2]).evaluate([k])[0]
    try checkOperator(
      Einsum(equation: "bhid,bhjd->bhij"), inputs: [q, k], expected: try MatMul().evaluate([q, transposed]))
  }

  /// Every label's index tuple, the sum of products over those that the output lacks.
  private func direct(_ inputs: [(String, Tensor)], _ output: String) throws -> Tensor {
    var extents: [Character: Int] = [:]
    for (term, tensor) in inputs { for (label, extent) in zip(term, tensor.shape) { extents[label] = extent } }
    let labels = Array(output) + extents.keys.filter { !output.contains($0) }.sorted()
    let shape = output.map { extents[$0]! }
    var result = [Float](repeating: 0, count: shape.reduce(1, *))
    let total = labels.reduce(1) { $0 * extents[$1]! }
    let values = inputs.map { $0.1.elements(as: Float.self)! }
    for flat in 0..<total {
      var (rest, index) = (flat, [Character: Int]())
      for label in labels.reversed() {
        index[label] = rest % extents[label]!
        rest /= extents[label]!
      }
      func position(_ term: some Sequence<Character>) -> Int { term.reduce(0) { $0 * extents[$1]! + index[$1]! } }
      result[position(output)] += zip(inputs, values).reduce(Float(1)) { $0 * $1.1[position($1.0.0)] }
    }
    return try Tensor(result, shape: shape)
  }

  @Test(arguments: [
    ["ij", "jk", "ki", ""], ["ab", "ac", "ad", "abcd"], ["iij", "jj", "ji"], ["ab", "cd", ""], ["ab", "b", "a", "b"],
    ["abc", "cba", "bca"], ["i", "i", "i"], ["aab", "b"], ["zZ", "Zz", "Z"],
  ])
  func agreesWithItsDefinition(_ terms: [String]) throws {
    let extents: [Character: Int] = ["a": 2, "b": 3, "c": 4, "d": 2, "i": 3, "j": 4, "k": 2, "z": 2, "Z": 5]
    let inputs = try terms.dropLast().map { term in (term, try counting(term.map { extents[$0]! })) }
    let equation = inputs.map(\.0).joined(separator: ", ") + " -> " + terms[terms.count - 1]
    try checkOperator(
      Einsum(equation: equation), inputs: inputs.map(\.1), expected: [try direct(inputs, terms[terms.count - 1])])
  }

  @Test func ellipsisAndImplicitResults() throws {
    let (a, b) = (try counting([2, 3, 4]), try counting([1, 4, 5]))
    try checkOperator(Einsum(equation: "...ij,...jk"), inputs: [a, b], expected: try MatMul().evaluate([a, b]))
    try checkOperator(Einsum(equation: "...ij,jk->...ik"), inputs: [a, counting([4, 5])])
    try checkOperator(
      Einsum(equation: "ba"), inputs: [counting([2, 3])], expected: try Transpose().evaluate([counting([2, 3])]))
    try checkOperator(Einsum(equation: "ii"), inputs: [floats([1, 2, 3, 4], [2, 2])], expected: [floats([5], [])])
    try checkOperator(
      Einsum(equation: "...->"), inputs: [a], expected: [floats([a.doubles()!.reduce(0) { $0 + Float($1) }], [])])
    try checkOperator(Einsum(equation: "ij,ij->ij"), inputs: [floats([2], [1, 1]), counting([2, 3])])
    try checkOperator(
      Einsum(equation: "ij,jk->ik"), inputs: [floats([], [2, 0]), floats([], [0, 3])],
      expected: [floats([Float](repeating: 0, count: 6), [2, 3])])
    try checkOperator(
      Einsum(equation: "i,i->"), inputs: [Tensor([Int8(100), 1], shape: [2]), Tensor([Int8(2), 1], shape: [2])],
      expected: [Tensor([Int8(-55)], shape: [])])
  }

  @Test func symbolsGoThrough() throws {
    let type = try inferred(
      Einsum(equation: "bhid,bhjd->bhij"),
      [(TensorType(.float32, ["batch", 12, "seq", 32]), nil), (TensorType(.float32, ["batch", 12, "seq", 32]), nil)])
    #expect(type == "f32[batch, 12, seq, seq]")
  }

  @Test(arguments: ["i1,j", "i..", "a,b->aa", "i->j", "i......->i", "i->i->i", "\u{00e9}", "a,,b"])
  func nonsenseIsRefused(_ equation: String) throws {
    var attributes = Attributes()
    attributes.set("equation", equation)
    let x = try floats([1, 2], [2])
    do {
      let op = try Einsum(decoding: attributes)
      expectRefusal(op, [x, x], "operator/einsum")
    } catch {
      #expect(error.id == "operator/einsum")
    }
  }

  @Test func largeResultsAreRefused() throws {
    let x = try Tensor([Float](repeating: 1, count: 4096), shape: [4096])
    expectRefusal(try Einsum(equation: "a,b,c->abc"), [x, x, x], "limit/tensor-bytes")
    let (edge, square) = try (counting([2048]), counting([2048, 2048]))
    expectRefusal(
      try Einsum(equation: "a,b,c,ab,bc,ca->"), [edge, edge, edge, square, square, square], "limit/tensor-bytes")
    expectRefusal(
      try Einsum(equation: "ij,jk"), [try floats([1, 2], [1, 2]), try floats([1, 2, 3], [3, 1])], "operator/broadcast")
    expectRefusal(try Einsum(equation: "ii"), [try floats([1, 2], [1, 2])], "operator/einsum")
  }
}
