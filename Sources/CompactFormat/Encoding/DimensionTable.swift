internal import CLatheProto
import LatheDiagnostics
import LatheProtobuf
import LatheTensors

/// The dimensions that a model's types use, each once, parts before wholes.
struct DimensionTable {
  private var numbers: [Dimension: Int] = [:]
  private(set) var messages: [UnsafeMutablePointer<Proto.Dimension>] = []
  private var bounds = DimensionBounds()
  private let arena: MessageArena

  init(_ arena: MessageArena) { self.arena = arena }

  /// How `Type.shape` writes the dimension.
  ///
  /// - Throws: `lathe/dimension` for one that readers would refuse.
  mutating func code(_ dimension: Dimension) throws(Diagnostic) -> Int64 {
    switch dimension {
    case .known(let extent) where extent >= 0: Int64(extent)
    case .unknown: -1
    default: Int64(-2 - (try number(dimension)))
    }
  }

  private mutating func number(_ dimension: Dimension) throws(Diagnostic) -> Int {
    if let number = numbers[dimension] { return number }
    let message = arena.make(lathe__compact__dimension__init)
    var factors: [[DimensionBounds.Factor]] = []
    let terms = try terms(dimension, &factors)
    if let excess = bounds.add(factors) {
      throw .invalid(
        "lathe/dimension",
        "the dimension \(dimension.description.prefix(200)) is too complicated for a .lathe file: it has \(excess)",
        fix: "fix the model's symbolic dimensions to numbers, or declare simpler ones")
    }
    message.pointee.n_terms = terms.count
    message.pointee.terms = arena.list(terms)
    numbers[dimension] = messages.count
    messages.append(message)
    return messages.count - 1
  }

  private mutating func terms(
    _ dimension: Dimension, _ factors: inout [[DimensionBounds.Factor]]
  ) throws(Diagnostic) -> [UnsafeMutablePointer<Proto.Term>] {
    switch dimension {
    case .unknown: return []
    case .known(let extent):
      guard extent != 0 else { return [] }
      factors.append([])
      return [term(extent, [])]
    case .symbolic(let expression):
      var terms: [UnsafeMutablePointer<Proto.Term>] = []
      for part in expression.terms {
        var atoms: [UnsafeMutablePointer<Proto.Atom>] = []
        var costs: [DimensionBounds.Factor] = []
        for factor in part.atoms { atoms.append(try atom(factor, &costs)) }
        terms.append(term(part.coefficient, atoms))
        factors.append(costs)
      }
      return terms
    }
  }

  private func term(_ coefficient: Int, _ atoms: [UnsafeMutablePointer<Proto.Atom>]) -> UnsafeMutablePointer<Proto.Term>
  {
    let message = arena.make(lathe__compact__dimension__term__init)
    message.pointee.coefficient = Int64(coefficient)
    message.pointee.n_atoms = atoms.count
    message.pointee.atoms = arena.list(atoms)
    return message
  }

  private mutating func atom(
    _ atom: DimensionExpression.Atom, _ costs: inout [DimensionBounds.Factor]
  ) throws(Diagnostic) -> UnsafeMutablePointer<Proto.Atom> {
    let message = arena.make(lathe__compact__dimension__atom__init)
    switch atom {
    case .symbol(let name):
      message.pointee.kind = LATHE__COMPACT__DIMENSION__ATOM__KIND__SYMBOL
      message.pointee.name = arena.bytes(name)
      costs.append(.symbol(name.utf8.count))
    case .quotient(let left, let right):
      message.pointee.kind = LATHE__COMPACT__DIMENSION__ATOM__KIND__QUOTIENT
      try pair(left, right, message, &costs)
    case .maximum(let left, let right):
      message.pointee.kind = LATHE__COMPACT__DIMENSION__ATOM__KIND__MAXIMUM
      try pair(left, right, message, &costs)
    }
    return message
  }

  private mutating func pair(
    _ left: Dimension, _ right: Dimension, _ message: UnsafeMutablePointer<Proto.Atom>,
    _ costs: inout [DimensionBounds.Factor]
  ) throws(Diagnostic) {
    let (one, other) = (try number(left), try number(right))
    message.pointee.left = reference(one)
    message.pointee.right = reference(other)
    costs.append(.pair(one, other))
  }
}

/// The reference to an entry of a table.
func reference(_ number: Int) -> UInt32 { UInt32(clamping: number + 1) }
