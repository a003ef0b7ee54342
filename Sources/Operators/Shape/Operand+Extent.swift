import LatheDiagnostics
import LatheIR
import LatheTensors

extension Operand {
  /// The one element of an integer tensor, of rank 0 or 1, as a dimension.
  ///
  /// - Throws: `operator/rank` if there are several.
  func singleExtent(_ role: String) throws(Diagnostic) -> Dimension {
    let type = try tensor()
    if let shape = type.shape, shape.count > 1 || shape.count == 1 && shape[0].isProvablyDifferent(from: 1) {
      throw .invalid("operator/rank", "the \(role) should be a single number, but is \(type)")
    }
    return elements?.first ?? integers?.first.map { .known($0) } ?? .unknown
  }
}
