internal import CLatheProto
import LatheTensors

/// The dimensions that a model's types use, each once, parts before wholes.
struct DimensionTable {
  private var numbers: [Dimension: Int] = [:]
  private(set) var messages: [UnsafeMutablePointer<Proto.Dimension>] = []
  private let arena: MessageArena

  init(_ arena: MessageArena) { self.arena = arena }

  /// How `Type.shape` writes the dimension.
  mutating func code(_ dimension: Dimension) -> Int64 {
    switch dimension {
    case .known(let extent) where extent >= 0: Int64(extent)
    case .unknown: -1
    default: Int64(-2 - number(dimension))
    }
  }

  private mutating func number(_ dimension: Dimension) -> Int {
    if let number = numbers[dimension] { return number }
    let message = arena.message(lathe__compact__dimension__init)
    let terms = terms(dimension)
    message.pointee.n_terms = terms.count
    message.pointee.terms = arena.messages(terms)
    numbers[dimension] = messages.count
    messages.append(message)
    return messages.count - 1
  }

  private mutating func terms(_ dimension: Dimension) -> [UnsafeMutablePointer<Proto.Term>] {
    switch dimension {
    case .unknown: return []
    case .known(let extent): return extent == 0 ? [] : [term(extent, [])]
    case .symbolic(let expression):
      var terms: [UnsafeMutablePointer<Proto.Term>] = []
      for part in expression.terms {
        var atoms: [UnsafeMutablePointer<Proto.Atom>] = []
        for factor in part.atoms { atoms.append(atom(factor)) }
        terms.append(term(part.coefficient, atoms))
      }
      return terms
    }
  }

  private func term(_ coefficient: Int, _ atoms: [UnsafeMutablePointer<Proto.Atom>]) -> UnsafeMutablePointer<Proto.Term> {
    let message = arena.message(lathe__compact__dimension__term__init)
    message.pointee.coefficient = Int64(coefficient)
    message.pointee.n_atoms = atoms.count
    message.pointee.atoms = arena.messages(atoms)
    return message
  }

  private mutating func atom(_ atom: DimensionExpression.Atom) -> UnsafeMutablePointer<Proto.Atom> {
    let message = arena.message(lathe__compact__dimension__atom__init)
    switch atom {
    case .symbol(let name):
      message.pointee.kind = LATHE__COMPACT__DIMENSION__ATOM__KIND__SYMBOL
      message.pointee.name = arena.data(name)
    case .quotient(let left, let right):
      message.pointee.kind = LATHE__COMPACT__DIMENSION__ATOM__KIND__QUOTIENT
      message.pointee.left = reference(number(left))
      message.pointee.right = reference(number(right))
    case .maximum(let left, let right):
      message.pointee.kind = LATHE__COMPACT__DIMENSION__ATOM__KIND__MAXIMUM
      message.pointee.left = reference(number(left))
      message.pointee.right = reference(number(right))
    }
    return message
  }
}

/// The reference to an entry of a table.
func reference(_ number: Int) -> UInt32 { UInt32(clamping: number + 1) }
