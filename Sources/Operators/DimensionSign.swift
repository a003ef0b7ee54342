import LatheTensors

extension Dimension {
  /// Whether this is at least 0 whatever its symbols are; symbols are extents, so they are at least 0 themselves.
  ///
  /// False only means that no proof was found.
  public var isProvablyNonNegative: Bool { isNonNegative(depth: 2) }

  /// Whether this is at least 1 whatever its symbols are.
  var isProvablyPositive: Bool { (self - .known(1)).isProvablyNonNegative }

  /// `depth` bounds how far maxima and quotients are looked into, and with it the cost.
  fileprivate func isNonNegative(depth: Int) -> Bool {
    switch self {
    case .unknown: return false
    case .known(let value): return value >= 0
    case .symbolic(let expression):
      let allPositive = expression.terms.allSatisfy { term in
        term.coefficient >= 0 && term.atoms.allSatisfy { $0.isNonNegative(depth: depth) }
      }
      return allPositive || depth > 0 && hasNonNegativeBound(expression, depth: depth - 1)
    }
  }

  /// Replaces one maximum by its operands: where it is added, either gives a lower bound; where it is taken off, the
  /// lower of both does.
  private func hasNonNegativeBound(_ expression: DimensionExpression, depth: Int) -> Bool {
    expression.terms.contains { term in
      guard term.atoms.count == 1, case .maximum(let a, let b) = term.atoms[0] else { return false }
      let scale = Dimension.known(term.coefficient)
      let rest = self - scale * .maximum(a, b)
      let first = (rest + scale * a).isNonNegative(depth: depth)
      guard first != (term.coefficient > 0) else { return first }
      return (rest + scale * b).isNonNegative(depth: depth)
    }
  }
}

extension DimensionExpression.Atom {
  fileprivate func isNonNegative(depth: Int) -> Bool {
    switch self {
    case .symbol: true
    case .quotient(let a, let b): depth > 0 && a.isNonNegative(depth: depth - 1) && b.isNonNegative(depth: depth - 1)
    case .maximum(let a, let b): depth > 0 && (a.isNonNegative(depth: depth - 1) || b.isNonNegative(depth: depth - 1))
    }
  }
}
