internal import CLatheProto
import LatheDiagnostics
import LatheTensors

/// Rebuilds the table of dimensions by arithmetic, so that they are in canonical form whatever the file says.
struct DimensionDecoder {
  /// Terms of a dimension and atoms of a term that the arithmetic can hold.
  private static let maximumTerms = 24
  private static let maximumAtoms = 16
  /// How deep quotients and maxima may lie in each other.
  private static let maximumDepth = 24
  /// Characters that all dimensions together may make the arithmetic look at, which bounds its time.
  private static let maximumWork = 1 << 21

  private let reader: MessageReader
  private(set) var dimensions: [Dimension] = []
  /// Length of each dimension's text form, roughly.
  private var sizes: [Int] = []
  private var depths: [Int] = []
  private var work = 0

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

  /// Checks limits before any arithmetic is done.
  private mutating func measure(_ terms: [Proto.Term]) throws(Diagnostic) {
    guard terms.count <= Self.maximumTerms else { throw fault("has \(terms.count) terms") }
    var size = 1
    var depth = 1
    var count = 1
    for term in terms {
      try reader.checkFields(term.base)
      guard term.n_atoms <= Self.maximumAtoms else { throw fault("has a product of \(term.n_atoms)") }
      size += 8
      for atom in reader.list(term.n_atoms, term.atoms).map(\.pointee) {
        try reader.checkFields(atom.base)
        count += 1
        size += atom.name.len + 8
        guard atom.kind != LATHE__COMPACT__DIMENSION__ATOM__KIND__SYMBOL else { continue }
        size += try reader.require(atom.left, in: sizes, "dimension") + reader.require(atom.right, in: sizes, "dimension")
        depth = try Swift.max(depth, 1 + reader.require(atom.left, in: depths, "dimension"))
        depth = try Swift.max(depth, 1 + reader.require(atom.right, in: depths, "dimension"))
      }
    }
    guard depth <= Self.maximumDepth, size <= Self.maximumWork else { throw fault("is too complicated") }
    work += size * count
    guard work <= Self.maximumWork else { throw fault("is too complicated, together with those before it") }
    sizes.append(size)
    depths.append(depth)
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
    (try reader.require(atom.left, in: dimensions, "dimension"), try reader.require(atom.right, in: dimensions, "dimension"))
  }

  private func fault(_ what: String) -> Diagnostic {
    reader.fault("dimension", "dimension \(dimensions.count) \(what)")
  }
}
