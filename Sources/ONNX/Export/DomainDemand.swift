import LatheDiagnostics
import LatheIR

/// Which version of the operator set of a domain other than ONNX's own a model needs.
struct DomainDemand {
  /// The version since which every operator that Lathe knows has its meaning.
  var least = 1
  /// The version of operators that Lathe does not know, which mean what it says.
  private var bound: Int?

  /// Asks for the version that an unknown operator came with.
  ///
  /// - Throws: `onnx/domain-version` if another is bound to another version.
  mutating func bind(_ op: OpaqueOperator) throws(Diagnostic) {
    if let bound, bound != op.version {
      throw .invalid(
        "onnx/domain-version",
        "\(op.name) is of version \(op.version) of its domain, but another node is of version \(bound)",
        fix: "a model can use one version of a domain; build it from one source")
    }
    bound = op.version
  }

  /// The version to write, for a source that uses `source`.
  func version(source: Int?) -> Int { bound ?? max(least, source ?? least) }
}
