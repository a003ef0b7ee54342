/// A polynomial over symbols in canonical form: terms sorted, like terms merged, no zero coefficients.
public struct DimensionExpression: Sendable, Hashable {
  /// What cannot be taken apart further.
  public indirect enum Atom: Sendable, Hashable {
    case symbol(String)
    /// Floor of a quotient.
    case quotient(Dimension, Dimension)
    case maximum(Dimension, Dimension)
  }

  /// A product of atoms (sorted, repeated for powers) times a coefficient; no atoms for a constant.
  public struct Term: Sendable, Hashable {
    public var coefficient: Int
    public var atoms: [Atom]
  }

  public private(set) var terms: [Term]
  /// Symbols, numbers and operations in the whole expression, nested ones included.
  let size: Int

  /// Terms beyond which an expression is given up as unknown, which bounds the cost of products.
  static let maximumTerms = 24
  /// Size beyond which an expression is given up as unknown: quotients of quotients would double it at every step.
  static let maximumSize = 96

  init(constant: Int) { self.init(sorted: constant == 0 ? [] : [Term(coefficient: constant, atoms: [])]) }

  init(atom: Atom) { self.init(sorted: [Term(coefficient: 1, atoms: [atom])]) }

  private init(sorted terms: [Term]) {
    self.terms = terms
    size = terms.reduce(0) { $0 + 1 + $1.atoms.reduce(0) { $0 + $1.size } }
  }

  /// The atom as a dimension; unknown beyond the size limit.
  static func bounded(_ atom: Atom) -> Dimension {
    atom.size < maximumSize ? .symbolic(DimensionExpression(atom: atom)) : .unknown
  }

  var singleAtom: Atom? {
    guard terms.count == 1, terms[0].coefficient == 1, terms[0].atoms.count == 1 else { return nil }
    return terms[0].atoms[0]
  }

  /// Canonical dimension of any list of terms; unknown on overflow or beyond the term limit.
  private static func canonical(_ terms: [Term]) -> Dimension {
    var merged: [[Atom]: Int] = [:]
    for term in terms {
      let (sum, overflow) = merged[term.atoms, default: 0].addingReportingOverflow(term.coefficient)
      guard !overflow else { return .unknown }
      merged[term.atoms] = sum
    }
    let kept = merged.filter { $0.value != 0 }.map { Term(coefficient: $0.value, atoms: $0.key) }
    guard kept.count <= maximumTerms else { return .unknown }
    if kept.allSatisfy({ $0.atoms.isEmpty }) { return .known(kept.first?.coefficient ?? 0) }
    let expression = DimensionExpression(sorted: kept.sorted { $0.sortKey < $1.sortKey })
    return expression.size <= maximumSize ? .symbolic(expression) : .unknown
  }

  static func sum(_ a: DimensionExpression, _ b: DimensionExpression, scale: Int) -> Dimension {
    var terms = a.terms
    for term in b.terms {
      let (coefficient, overflow) = term.coefficient.multipliedReportingOverflow(by: scale)
      guard !overflow else { return .unknown }
      terms.append(Term(coefficient: coefficient, atoms: term.atoms))
    }
    return canonical(terms)
  }

  static func product(_ a: DimensionExpression, _ b: DimensionExpression) -> Dimension {
    var terms: [Term] = []
    for left in a.terms {
      for right in b.terms {
        let (coefficient, overflow) = left.coefficient.multipliedReportingOverflow(by: right.coefficient)
        guard !overflow, left.atoms.count + right.atoms.count <= 16 else { return .unknown }
        terms.append(Term(coefficient: coefficient, atoms: (left.atoms + right.atoms).sorted { $0.name < $1.name }))
      }
    }
    return canonical(terms)
  }

  /// Quotient by a single term, if every term divides without remainder.
  func divided(byMonomial divisor: DimensionExpression) -> Dimension? {
    if self == divisor, !terms.isEmpty { return .known(1) }
    guard divisor.terms.count == 1 else { return nil }
    let by = divisor.terms[0]
    var quotients: [Term] = []
    for term in terms {
      let (quotient, overflow) = term.coefficient.dividedReportingOverflow(by: by.coefficient)
      guard !overflow, quotient * by.coefficient == term.coefficient else { return nil }
      var atoms = term.atoms
      for atom in by.atoms {
        guard let position = atoms.firstIndex(of: atom) else { return nil }
        atoms.remove(at: position)
      }
      quotients.append(Term(coefficient: quotient, atoms: atoms))
    }
    return Self.canonical(quotients)
  }

  func evaluated(_ bindings: [String: Int]) -> Int? {
    substituting(bindings.mapValues { .known($0) }).known
  }

  func substituting(_ replacements: [String: Dimension]) -> Dimension {
    var total = Dimension.known(0)
    for term in terms {
      var product = Dimension.known(term.coefficient)
      for atom in term.atoms { product = product * atom.substituting(replacements) }
      total = total + product
    }
    return total
  }

  var symbols: Set<String> {
    terms.reduce(into: []) { found, term in for atom in term.atoms { found.formUnion(atom.symbols) } }
  }
}

extension DimensionExpression.Atom {
  /// Symbols, numbers and operations in the atom.
  var size: Int {
    switch self {
    case .symbol: 1
    case .quotient(let a, let b), .maximum(let a, let b): 1 + a.size + b.size
    }
  }

  func substituting(_ replacements: [String: Dimension]) -> Dimension {
    switch self {
    case .symbol(let name): replacements[name] ?? .symbol(name)
    case .quotient(let a, let b): a.substituting(replacements).floorDivided(by: b.substituting(replacements))
    case .maximum(let a, let b): .maximum(a.substituting(replacements), b.substituting(replacements))
    }
  }

  var symbols: Set<String> {
    switch self {
    case .symbol(let name): [name]
    case .quotient(let a, let b), .maximum(let a, let b): Set(a.symbols + b.symbols)
    }
  }

  var name: String {
    switch self {
    case .symbol(let name): Dimension.written(symbol: name)
    case .quotient(let a, let b): "\(a.parenthesized)/\(b.parenthesized)"
    case .maximum(let a, let b): "max(\(a), \(b))"
    }
  }
}

extension Dimension {
  fileprivate var size: Int {
    guard case .symbolic(let expression) = self else { return 1 }
    return expression.size
  }

  /// The text with parentheses where it is more than one atom.
  fileprivate var parenthesized: String {
    guard case .symbolic(let expression) = self, expression.singleAtom == nil else { return description }
    return "(\(description))"
  }
}

extension DimensionExpression.Term {
  /// Symbols first, by name, constants last.
  fileprivate var sortKey: String { atoms.isEmpty ? "\u{FFFF}" : atoms.map(\.name).joined(separator: "*") }

  fileprivate func text(isFirst: Bool) -> String {
    let magnitude = coefficient.magnitude
    let factors = (magnitude == 1 && !atoms.isEmpty ? [] : [String(magnitude)]) + atoms.map(\.factorName)
    let sign = isFirst ? (coefficient < 0 ? "-" : "") : (coefficient < 0 ? " - " : " + ")
    return sign + factors.joined(separator: "*")
  }
}

extension DimensionExpression.Atom {
  /// A quotient needs parentheses inside a product, since `/` and `*` bind alike.
  fileprivate var factorName: String {
    guard case .quotient = self else { return name }
    return "(\(name))"
  }
}

extension DimensionExpression: CustomStringConvertible {
  public var description: String {
    if case .quotient? = singleAtom { return terms[0].atoms[0].name }
    return terms.enumerated().map { $1.text(isFirst: $0 == 0) }.joined()
  }
}
