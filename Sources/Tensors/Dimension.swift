/// One extent of a shape: a number, an expression of named symbols, or unknown.
public enum Dimension: Sendable, Hashable {
  case known(Int)
  /// At least one symbol; in canonical form, so that equal expressions compare equal.
  case symbolic(DimensionExpression)
  /// Nothing is known; two unknown dimensions need not agree.
  case unknown

  /// A named symbol such as `batch`.
  public static func symbol(_ name: String) -> Dimension { .symbolic(DimensionExpression(atom: .symbol(name))) }

  /// The number, if it is one.
  public var known: Int? {
    guard case .known(let value) = self else { return nil }
    return value
  }

  /// The name, if this is a single symbol and nothing else.
  public var symbolName: String? {
    guard case .symbolic(let expression) = self, case .symbol(let name)? = expression.singleAtom else { return nil }
    return name
  }

  /// Whether both are known to be the same extent at run time.
  public func isProvablyEqual(to other: Dimension) -> Bool { self != .unknown && self == other }

  /// Whether the two cannot be the same extent.
  public func isProvablyDifferent(from other: Dimension) -> Bool {
    guard case .known(let difference) = self - other else { return false }
    return difference != 0
  }

  /// The extent once symbols have values; nil if one is missing, something is unknown, or the arithmetic overflows.
  public func evaluated(_ bindings: [String: Int]) -> Int? {
    switch self {
    case .known(let value): value
    case .unknown: nil
    case .symbolic(let expression): expression.evaluated(bindings)
    }
  }

  /// The dimension with symbols replaced.
  public func substituting(_ replacements: [String: Dimension]) -> Dimension {
    guard case .symbolic(let expression) = self else { return self }
    return expression.substituting(replacements)
  }

  /// The names of all symbols, sorted.
  public var symbols: [String] {
    guard case .symbolic(let expression) = self else { return [] }
    return expression.symbols.sorted()
  }
}

extension Dimension: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  public init(integerLiteral value: Int) { self = .known(value) }
  public init(stringLiteral value: String) { self = .symbol(value) }
}

extension Dimension {
  public static func + (a: Dimension, b: Dimension) -> Dimension {
    guard let left = a.expression, let right = b.expression else { return .unknown }
    return DimensionExpression.sum(left, right, scale: 1)
  }

  public static func - (a: Dimension, b: Dimension) -> Dimension {
    guard let left = a.expression, let right = b.expression else { return .unknown }
    return DimensionExpression.sum(left, right, scale: -1)
  }

  public static func * (a: Dimension, b: Dimension) -> Dimension {
    guard let left = a.expression, let right = b.expression else { return .unknown }
    return DimensionExpression.product(left, right)
  }

  /// Quotient rounded toward negative infinity; simplified where the division is exact.
  public func floorDivided(by divisor: Dimension) -> Dimension {
    guard self != .unknown, divisor != .unknown, divisor != .known(0) else { return .unknown }
    if let exact = exactlyDivided(by: divisor) { return exact }
    if let a = known, let b = divisor.known {
      let quotient = a.dividedReportingOverflow(by: b)
      guard !quotient.overflow else { return .unknown }
      return .known(quotient.partialValue - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0))
    }
    return DimensionExpression.bounded(.quotient(self, divisor))
  }

  /// The quotient where the division provably leaves no remainder; nil otherwise.
  ///
  /// A symbol counts as nonzero here: `batch·seq·384 / (batch·seq)` is 384.
  public func exactlyDivided(by divisor: Dimension) -> Dimension? {
    guard let numerator = expression, let denominator = divisor.expression else { return nil }
    return numerator.divided(byMonomial: denominator)
  }

  /// The larger of the two.
  public static func maximum(_ a: Dimension, _ b: Dimension) -> Dimension {
    guard a != .unknown, b != .unknown else { return .unknown }
    if case .known(let difference) = a - b { return difference >= 0 ? a : b }
    let ordered = a.description < b.description ? (a, b) : (b, a)
    return DimensionExpression.bounded(.maximum(ordered.0, ordered.1))
  }

  /// The smaller of the two.
  public static func minimum(_ a: Dimension, _ b: Dimension) -> Dimension {
    let sum = a + b
    let larger = maximum(a, b)
    return larger == a ? b : larger == b ? a : sum - larger
  }

  var expression: DimensionExpression? {
    switch self {
    case .known(let value): DimensionExpression(constant: value)
    case .symbolic(let expression): expression
    case .unknown: nil
    }
  }
}

extension Dimension: CustomStringConvertible {
  /// The text form: `12`, `batch`, `2*seq + 1`, `seq/2` for a floor quotient, `max(a, b)`, `?` for unknown.
  public var description: String {
    switch self {
    case .known(let value): String(value)
    case .symbolic(let expression): expression.description
    case .unknown: "?"
    }
  }
}
