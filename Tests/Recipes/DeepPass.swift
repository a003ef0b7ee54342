import LatheDiagnostics
import LatheIR
import LathePassKit

/// A pass with one option, for recipes to get wrong.
struct DeepPass: Pass {
  struct Options: PassOptions {
    var depth = 1
    init() {}
  }

  static let id: PassID = "test/pass"
  static let summary = "does nothing"

  init(options: Options) {}

  var guarantee: Guarantee { .identicalBits }

  func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome { PassOutcome() }
}
