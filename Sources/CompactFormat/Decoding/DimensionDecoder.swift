internal import CLatheProto
import LatheDiagnostics
import LatheTensors

/// Rebuilds the table of dimensions by arithmetic, so that they are in canonical form whatever the file says.
struct DimensionDecoder {
  private let reader: MessageReader
  private(set) var dimensions: [Dimension] = []
  private var bounds = DimensionBounds()

  init(_ reader: MessageReader) { self.reader = reader }

  mutating func append(_ message: Proto.Dimension) throws(Diagnostic) {
    try reader.checkFields(message.base)
    let terms = reader.list(message.n_terms, message.terms).map(\.pointee)
    try measure(terms)
    var sum = Dimension.known(0)
    for term in terms {
      var product = Dimension.known(Int(term.coefficient))
      for atom in reader.list(term.n_atoms, term.atoms) { product = product * (try dimension(atom.pointee)) }
      sum = sum + product
    }
    guard sum != .unknown else { throw fault("does not stand for an extent") }
    dimensions.append(sum)
  }

  /// Checks the bounds before any arithmetic is done.
  private mutating func measure(_ terms: [Proto.Term]) throws(Diagnostic) {
    var factors: [[DimensionBounds.Factor]] = []
    for term in terms {
      try reader.checkFields(term.base)
      factors.append(
        try reader.list(term.n_atoms, term.atoms).map { (atom) throws(Diagnostic) in try factor(atom.pointee) })
    }
    if let excess = bounds.add(factors) { throw fault("is too complicated: it has \(excess)") }
  }

  private func factor(_ atom: Proto.Atom) throws(Diagnostic) -> DimensionBounds.Factor {
    try reader.checkFields(atom.base)
    guard atom.kind != LATHE__COMPACT__DIMENSION__ATOM__KIND__SYMBOL else { return .symbol(atom.name.len) }
    _ = try operands(atom)
    return .pair(Int(atom.left) - 1, Int(atom.right) - 1)
  }

  private func dimension(_ atom: Proto.Atom) throws(Diagnostic) -> Dimension {
    switch atom.kind {
    case LATHE__COMPACT__DIMENSION__ATOM__KIND__SYMBOL: return .symbol(try reader.text(atom.name))
    case LATHE__COMPACT__DIMENSION__ATOM__KIND__QUOTIENT:
      let (left, right) = try operands(atom)
      return left.floorDivided(by: right)
    case LATHE__COMPACT__DIMENSION__ATOM__KIND__MAXIMUM:
      let (left, right) = try operands(atom)
      return .maximum(left, right)
    default: throw fault("has a part of the unknown kind \(atom.kind.rawValue)")
    }
  }

  private func operands(_ atom: Proto.Atom) throws(Diagnostic) -> (Dimension, Dimension) {
    (
      try reader.require(atom.left, in: dimensions, "dimension"),
      try reader.require(atom.right, in: dimensions, "dimension")
    )
  }

  private func fault(_ what: String) -> Diagnostic {
    reader.fault("dimension", "dimension \(dimensions.count) \(what)")
  }
}
