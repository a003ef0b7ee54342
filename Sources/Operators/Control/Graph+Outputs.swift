import LatheDiagnostics
import LatheIR
import LatheTensors

extension Graph {
  /// Types of the outputs, as far as they are known.
  var outputTypes: [ValueType?] { outputs.map { self[$0].type } }

  /// Whether an output is always true: a constant, or an input that is, handed through.
  func isAlwaysTrue(_ output: ValueID, input: ValueID?) -> Bool {
    var id = output
    while let node = producer(of: id) {
      guard node.op is Identity, let source = node.inputs.first ?? nil else { return false }
      id = source
    }
    return id == input || constant(id)?.elements(as: Bool.self)?.allSatisfy { $0 } == true
  }
}

extension ValueType {
  /// What is known of a value that comes from one of two places, either of which may not know.
  ///
  /// - Throws: `operator/branch-types` for tensors of different element types.
  static func either(_ one: ValueType?, _ other: ValueType?) throws(Diagnostic) -> ValueType? {
    guard let one, let other else { return (one ?? other)?.shapeless }
    if let a = one.tensor, let b = other.tensor, a.dtype != b.dtype {
      throw .invalid("operator/branch-types", "the same output is \(a) from one graph and \(b) from another")
    }
    return one.union(other)
  }
}
