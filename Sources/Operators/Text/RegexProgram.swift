import LatheDiagnostics

/// A regular expression as instructions for a machine that is in several places at once, after Thompson.
struct RegexProgram: Sendable {
  private enum Instruction: Sendable {
    case character(RegexTree.CharacterSet)
    case anchor(RegexTree.Anchor)
    /// Goes on at both.
    case split(Int, Int)
    case jump(Int)
    case accept
  }

  /// Most instructions, as counted repetitions of repetitions multiply.
  private static let mostInstructions = 100_000

  private var instructions: [Instruction] = []

  /// - Throws: `operator/pattern` if the expression is too large.
  init(_ tree: RegexTree, _ pattern: String) throws(Diagnostic) {
    guard compile(tree) else {
      throw .invalid(
        "operator/pattern", "the regular expression \(pattern) is too large once its repetitions are written out")
    }
    instructions.append(.accept)
  }

  /// Appends instructions for a tree; false if there are too many.
  private mutating func compile(_ tree: RegexTree) -> Bool {
    guard instructions.count < Self.mostInstructions else { return false }
    switch tree {
    case .empty: return true
    case .character(let set): instructions.append(.character(set))
    case .anchor(let anchor): instructions.append(.anchor(anchor))
    case .sequence(let items): return items.allSatisfy { compile($0) }
    case .choice(let options): return compile(options: options)
    case .repeated(let item, let low, let high):
      for _ in 0..<low where !compile(item) { return false }
      guard let high else { return compileLoop(item) }
      return compileOptional(item, high - low)
    }
    return true
  }

  private mutating func compile(options: [RegexTree]) -> Bool {
    var ends: [Int] = []
    for (number, option) in options.enumerated() {
      let isLast = number == options.count - 1
      let split = instructions.count
      if !isLast { instructions.append(.jump(0)) }
      guard compile(option) else { return false }
      if isLast { break }
      ends.append(instructions.count)
      instructions.append(.jump(0))
      instructions[split] = .split(split + 1, instructions.count)
    }
    for end in ends { instructions[end] = .jump(instructions.count) }
    return true
  }

  private mutating func compileLoop(_ item: RegexTree) -> Bool {
    let start = instructions.count
    instructions.append(.jump(0))
    guard compile(item) else { return false }
    instructions.append(.jump(start))
    instructions[start] = .split(start + 1, instructions.count)
    return true
  }

  private mutating func compileOptional(_ item: RegexTree, _ count: Int) -> Bool {
    var splits: [Int] = []
    for _ in 0..<count {
      splits.append(instructions.count)
      instructions.append(.jump(0))
      guard compile(item) else { return false }
    }
    for split in splits { instructions[split] = .split(split + 1, instructions.count) }
    return true
  }

  /// Whether the whole text matches.
  func matches(_ text: String) -> Bool {
    let scalars = Array(text.unicodeScalars)
    var seen = [Int](repeating: -1, count: instructions.count)
    var places = [0]
    for position in 0...scalars.count {
      let reached = closure(places, scalars, position, &seen)
      guard position < scalars.count else { return reached.isAccepted }
      places = reached.readers.filter { place in
        guard case .character(let set) = instructions[place] else { return false }
        return set.contains(scalars[position])
      }.map { $0 + 1 }
      if places.isEmpty { return false }
    }
    return false
  }

  /// The instructions that read a character and can be reached from `places` without reading one.
  private func closure(
    _ places: [Int], _ scalars: [Unicode.Scalar], _ position: Int, _ seen: inout [Int]
  ) -> (readers: [Int], isAccepted: Bool) {
    var stack = places
    var readers: [Int] = []
    var isAccepted = false
    while let place = stack.popLast() {
      guard seen[place] != position else { continue }
      seen[place] = position
      switch instructions[place] {
      case .character: readers.append(place)
      case .accept: isAccepted = true
      case .jump(let target): stack.append(target)
      case .split(let one, let other): stack += [other, one]
      case .anchor(let anchor):
        if Self.holds(anchor, scalars, position) { stack.append(place + 1) }
      }
    }
    return (readers, isAccepted)
  }

  private static func holds(_ anchor: RegexTree.Anchor, _ scalars: [Unicode.Scalar], _ position: Int) -> Bool {
    func isWord(_ index: Int) -> Bool {
      scalars.indices.contains(index) && RegexTree.CharacterSet.word.contains { $0.contains(scalars[index].value) }
    }
    switch anchor {
    case .textStart: return position == 0
    case .textEnd: return position == scalars.count
    case .lineStart: return position == 0 || scalars[position - 1] == "\n"
    case .lineEnd: return position == scalars.count || scalars[position] == "\n"
    case .wordBoundary: return isWord(position - 1) != isWord(position)
    case .noWordBoundary: return isWord(position - 1) == isWord(position)
    }
  }
}
