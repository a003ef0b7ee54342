import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct ClassicalTests {
  /// One node and two leaves of weights 1 and 2 for the targets 0 and 1, with other attributes changed.
  private func tree(_ changes: (inout Attributes) throws -> Void = { _ in }) throws -> TreeEnsemble {
    var attributes = Attributes()
    for (name, numbers) in [
      ("tree_roots", [0]), ("nodes_featureids", [0]), ("nodes_truenodeids", [0]), ("nodes_trueleafs", [1]),
      ("nodes_falsenodeids", [1]), ("nodes_falseleafs", [1]), ("leaf_targetids", [0, 1]),
    ] { attributes.set(name, numbers) }
    attributes.set("nodes_modes", try Tensor([UInt8(0)], shape: [1]))
    attributes.set("nodes_splits", try floats([0.5], [1]))
    attributes.set("leaf_weights", try floats([1, 2], [2]))
    attributes.set("n_targets", 2)
    try changes(&attributes)
    return try TreeEnsemble(decoding: attributes)
  }

  @Test func treesBranchAndAggregate() throws {
    let x = try floats([0, 1, .nan], [3, 1])
    try checkOperator(tree(), inputs: [x], expected: [floats([1, 0, 0, 2, 0, 2], [3, 2])])
    let missing = try tree { $0.set("nodes_missing_value_tracks_true", [1]) }
    try checkOperator(missing, inputs: [x], expected: [floats([1, 0, 0, 2, 1, 0], [3, 2])])
    let twice = try tree {
      $0.set("tree_roots", [0, 0])
      $0.set("aggregate_function", 0)
    }
    try checkOperator(twice, inputs: [x], expected: [floats([1, 0, 0, 2, 0, 2], [3, 2])])
    let chosen = try tree { $0.set("post_transform", 3) }
    try checkOperator(chosen, inputs: [x], expected: [floats([1, 0, 0, 1, 0, 1], [3, 2])])
    expectRefusal(try tree(), [try floats([], [2, 0])], "operator/tree-ensemble")
  }

  @Test func brokenTreesAreRefused() throws {
    let changes: [(inout Attributes) throws -> Void] = [
      { $0.set("nodes_trueleafs", [0]) },
      { $0.set("nodes_truenodeids", [2]) },
      { $0.set("nodes_truenodeids", [-1]) },
      { $0.set("tree_roots", [1]) },
      { $0.set("n_targets", 1) },
      { $0.set("leaf_targetids", [0, .max]) },
      { $0.set("nodes_featureids", [0, 1]) },
      { $0.set("nodes_modes", try Tensor([UInt8(6)], shape: [1])) },
      { $0.set("nodes_modes", try Tensor([UInt8(7)], shape: [1])) },
    ]
    for change in changes {
      #expect { _ = try tree(change) } throws: { ($0 as? Diagnostic)?.id == "operator/tree-ensemble" }
    }
  }

  @Test func labels() throws {
    let op = try LabelEncoder(
      keys: floats([1, .nan, 0, 1], [4]), values: Tensor(strings: ["a", "b", "c", "d"], shape: [4]),
      fallback: Tensor(strings: ["?"], shape: []))
    try checkOperator(
      op, inputs: [floats([1, .nan, -0.0, 7], [2, 2])],
      expected: [Tensor(strings: ["d", "b", "c", "?"], shape: [2, 2])])
    expectRefusal(op, [try vector(1)], "operator/dtype")
    #expect(throws: Diagnostic.self) { try LabelEncoder(keys: vector(1), values: vector(), fallback: vector(0)) }
    #expect(throws: Diagnostic.self) { try LabelEncoder(decoding: Attributes()) }
  }

  @Test func features() throws {
    try checkOperator(
      ArrayFeatureExtractor(), inputs: [vector(5, 6, 7), vector(2, 0)], expected: [ints([7, 5], [1, 2])])
    expectRefusal(ArrayFeatureExtractor(), [try vector(5), try vector(1)], "operator/index")
    expectRefusal(ArrayFeatureExtractor(), [try ints([5], []), try vector(0)], "operator/rank")
    try checkOperator(Binarizer(threshold: 2), inputs: [vector(1, 2, 3)], expected: [vector(0, 0, 1)])
  }
}
