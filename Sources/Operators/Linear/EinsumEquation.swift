import LatheDiagnostics

/// The text of an Einstein summation, read into labels of axes.
struct EinsumEquation {
  /// One place of a term: a letter, or the axes that `...` stands for.
  private enum Place: Equatable {
    case letter(UInt8)
    case ellipsis
  }

  /// Labels of every operand's axes and of the result's; letters are their ASCII codes, axes of `...` come after them.
  struct Labels {
    var inputs: [[Int]]
    var output: [Int]
  }

  private static let firstEllipsisLabel = 256

  let text: String
  private let inputs: [[Place]]
  private let output: [Place]?

  /// - Throws: `operator/einsum` for text that is no equation.
  init(_ text: String) throws(Diagnostic) {
    self.text = text
    var bytes = Array(text.utf8.filter { $0 != UInt8(ascii: " ") })[...]
    var left = bytes
    var right: ArraySlice<UInt8>?
    if let arrow = bytes.indices.dropLast().first(where: { bytes[$0...].starts(with: "->".utf8) }) {
      left = bytes[..<arrow]
      bytes = bytes[(arrow + 2)...]
      right = bytes
    }
    var terms: [[Place]] = []
    for term in left.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      terms.append(try Self.places(term, text))
    }
    inputs = terms
    output = try right.map { (term) throws(Diagnostic) in try Self.places(term, text) }
  }

  private static func places(_ term: ArraySlice<UInt8>, _ text: String) throws(Diagnostic) -> [Place] {
    var places: [Place] = []
    var rest = term
    while let byte = rest.first {
      if rest.starts(with: "...".utf8), !places.contains(.ellipsis) {
        places.append(.ellipsis)
        rest = rest.dropFirst(3)
        continue
      }
      let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
      guard isLetter else { throw Self.broken(text, "a term has other characters than letters and a single ...") }
      places.append(.letter(byte))
      rest = rest.dropFirst()
    }
    return places
  }

  static func broken(_ text: String, _ reason: String) -> Diagnostic {
    .invalid("operator/einsum", "the equation \"\(text.prefix(80))\" of Einsum cannot be computed: \(reason)")
  }

  /// Rank of the result; nil if it depends on the axes that `...` stands for.
  var outputRank: Int? {
    guard let output else { return nil }
    return output.contains(.ellipsis) ? nil : output.count
  }

  /// - Throws: `operator/einsum` if another number of operands is given.
  func check(operands count: Int) throws(Diagnostic) {
    guard count == inputs.count else { throw Self.broken(text, "it has \(inputs.count) terms for \(count) inputs") }
  }

  /// The labels of all axes, for operands of these ranks.
  func labels(ranks: [Int]) throws(Diagnostic) -> Labels {
    try check(operands: ranks.count)
    var extra: [Int] = []
    for (term, rank) in zip(inputs, ranks) {
      let letters = term.count { $0 != .ellipsis }
      guard term.contains(.ellipsis) ? letters <= rank : letters == rank else {
        throw Self.broken(text, "a term of \(letters) letters is given a tensor of rank \(rank)")
      }
      extra.append(rank - letters)
    }
    let hidden = extra.max() ?? 0
    let terms = zip(inputs, extra).map { term, count in expanded(term, ellipsis: hidden - count..<hidden) }
    guard let output else { return Labels(inputs: terms, output: implicitOutput(terms, hidden)) }
    let result = expanded(output, ellipsis: 0..<hidden)
    let known = Set(terms.joined())
    guard Set(result).count == result.count, result.allSatisfy(known.contains) else {
      throw Self.broken(text, "the result has a repeated letter, or one that no input has")
    }
    return Labels(inputs: terms, output: result)
  }

  private func expanded(_ term: [Place], ellipsis: Range<Int>) -> [Int] {
    term.flatMap { place in
      switch place {
      case .letter(let code): [Int(code)]
      case .ellipsis: ellipsis.map { Self.firstEllipsisLabel + $0 }
      }
    }
  }

  /// The axes of `...`, then the letters that occur once, in the order of their codes.
  private func implicitOutput(_ terms: [[Int]], _ hidden: Int) -> [Int] {
    var occurrences: [Int: Int] = [:]
    for label in terms.joined() where label < Self.firstEllipsisLabel { occurrences[label, default: 0] += 1 }
    let letters = occurrences.filter { $0.value == 1 }.keys.sorted()
    return (0..<hidden).map { Self.firstEllipsisLabel + $0 } + letters
  }
}
