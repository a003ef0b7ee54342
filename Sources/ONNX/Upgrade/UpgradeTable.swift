import LatheDiagnostics
import LatheIR
import LatheTensors

extension ModelReader {
  /// Rewrites a node to the newest meaning of its operator and adds it, after nodes that the rewriting needs.
  func upgradeAndEmit(
    _ draft: NodeDraft, to target: GraphTarget, declared: [String: ValueType]
  ) throws(Diagnostic) -> [ValueID?] {
    try emit(draft, to: target, declared: declared)
  }
}
