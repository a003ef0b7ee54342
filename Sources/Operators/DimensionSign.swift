import LatheTensors

extension Dimension {
  /// Whether this is at least 0 whatever its symbols are; symbols are extents, so they are at least 0 themselves.
  ///
  /// False only means that no proof was found.
  var isProvablyNonNegative: Bool { isNonNegative(depth: 2) }

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
      return allPositive || depth > 0 && lowerBounds(expression).contains { $0.isNonNegative(depth: depth - 1) }
    }
  }

  /// The expression with one maximum replaced by either of its operands, neither of which is larger.
  private func lowerBounds(_ expression: DimensionExpression) -> [Dimension] {
    expression.terms.flatMap { term -> [Dimension] in
      guard term.coefficient > 0, term.atoms.count == 1, case .maximum(let a, let b) = term.atoms[0] else { return [] }
      let scale = Dimension.known(term.coefficient)
      let rest = self - scale * .maximum(a, b)
      return [rest + scale * a, rest + scale * b]
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
