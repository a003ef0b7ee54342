import LatheDiagnostics

extension ResourceLimits {
  /// Nodes that a tensor of a checkpoint counts as: many without elements would cost most.
  private static let nodesPerTensor = 16

  /// - Throws: `limit/expanded-nodes` where `count` tensors are more than a model of that many nodes has.
  func checkTensors(_ count: Int) throws(Diagnostic) {
    guard count > expandedNodes / Self.nodesPerTensor else { return }
    throw exceeded(
      "expanded-nodes", "there are more than \(count - 1) tensors, and each counts as \(Self.nodesPerTensor) nodes")
  }
}
