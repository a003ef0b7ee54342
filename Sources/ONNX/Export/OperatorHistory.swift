import LatheDiagnostics
import LatheTensors

/// The versions of one operator of the standard domain, oldest first.
struct OperatorHistory {
  let versions: [OperatorVersion]

  /// The version in force at an operator set; nil if the operator did not exist then.
  func version(at opset: Int) -> OperatorVersion? { versions.last { $0.since <= opset } }

  /// The default that the newest version gives to an attribute.
  func newestDefault(of attribute: String) -> String? {
    guard case .value(let text)? = versions.last?.attributes[attribute] else { return nil }
    return text
  }

  /// The history of an operator of the standard domain; nil if it never had one.
  static func of(_ name: String) -> OperatorHistory? { all[name] }

  private static let all: [String: OperatorHistory] = {
    var versions: [String: [OperatorVersion]] = [:]
    for line in OperatorVersions.table.split(separator: "\n") {
      guard let (name, version) = OperatorVersion.parse(line) else { continue }
      versions[name, default: []].append(version)
    }
    return versions.mapValues { OperatorHistory(versions: $0) }
  }()
}

/// What one version of an operator takes: the facts an export is held against.
struct OperatorVersion {
  /// A formal operand: which of the version's type sets it has, and how often it may come.
  struct Operand {
    enum Arity { case required, optional, repeated, mixed }

    let set: Int
    let arity: Arity
  }

  /// Element types by what holds them.
  struct TypeSet {
    let tensors: UInt32
    let sequences: UInt32
    let optionals: UInt32
    let optionalSequences: UInt32

    func contains(_ type: ValueType) -> Bool {
      switch type {
      case .tensor(let tensor): tensors & Self.bit(tensor.dtype) != 0
      case .sequence(.tensor(let tensor)): sequences & Self.bit(tensor.dtype) != 0
      case .optional(.tensor(let tensor)): optionals & Self.bit(tensor.dtype) != 0
      case .optional(.sequence(.tensor(let tensor))): optionalSequences & Self.bit(tensor.dtype) != 0
      default: false
      }
    }

    private static func bit(_ type: DType) -> UInt32 { 1 << UInt32(type.rawValue) }
  }

  enum AttributeRule: Equatable {
    case required
    /// Optional, with a default that is not in the table.
    case optional
    case value(String)
  }

  let since: Int
  let isDeprecated: Bool
  let inputCount: ClosedRange<Int>
  let outputCount: ClosedRange<Int>
  let inputs: [Operand]
  let outputs: [Operand]
  let sets: [TypeSet]
  let attributes: [String: AttributeRule]

  /// The operand at a position; a repeated last one goes on.
  static func operand(_ list: [Operand], at position: Int) -> Operand? {
    if position < list.count { return list[position] }
    guard let last = list.last, last.arity == .repeated || last.arity == .mixed else { return nil }
    return last
  }
}

extension OperatorVersion {
  /// Reads one line of the table, which the script that makes it describes.
  fileprivate static func parse(_ line: Substring) -> (String, OperatorVersion)? {
    let parts = line.split(separator: "|", omittingEmptySubsequences: false)
    let words = (parts.first ?? "").split(separator: " ")
    guard parts.count == 3, words.count >= 3, let arrow = words.firstIndex(of: ">"), arrow + 1 < words.count,
      let since = Int(words[1].prefix { $0 != "!" }), let inputCount = range(words[2]),
      let outputCount = range(words[arrow + 1])
    else { return nil }
    let version = OperatorVersion(
      since: since, isDeprecated: words[1].hasSuffix("!"), inputCount: inputCount, outputCount: outputCount,
      inputs: operands(words[3..<arrow]), outputs: operands(words[(arrow + 2)...]), sets: list(parts[1]).map(typeSet),
      attributes: Dictionary(list(parts[2]).map(attribute)) { first, _ in first })
    return (String(words[0]), version)
  }

  /// Items between commas; a long list is wrapped, so spaces may follow a comma.
  private static func list(_ text: Substring) -> [Substring] {
    text.split { $0 == "," || $0 == " " }
  }

  private static func range(_ word: Substring) -> ClosedRange<Int>? {
    let bounds = word.split(separator: "-").compactMap { Int($0) }
    guard bounds.count == 2, bounds[0] <= bounds[1] else { return nil }
    return bounds[0]...bounds[1]
  }

  private static func operands(_ words: ArraySlice<Substring>) -> [Operand] {
    words.flatMap { $0.split(separator: ",") }.map { word in
      let arity: Operand.Arity
      switch word.last {
      case "?": arity = .optional
      case "+": arity = .repeated
      case "%": arity = .mixed
      default: arity = .required
      }
      return Operand(set: Int(word.prefix { $0.isNumber }) ?? 0, arity: arity)
    }
  }

  private static func typeSet(_ text: Substring) -> TypeSet {
    let masks = text.split(separator: "/").map { UInt32($0, radix: 16) ?? 0 } + [0, 0, 0]
    return TypeSet(tensors: masks[0], sequences: masks[1], optionals: masks[2], optionalSequences: masks[3])
  }

  private static func attribute(_ text: Substring) -> (String, AttributeRule) {
    if text.hasSuffix("!") { return (String(text.dropLast()), .required) }
    guard let equals = text.firstIndex(of: "=") else { return (String(text), .optional) }
    return (String(text[..<equals]), .value(String(text[text.index(after: equals)...])))
  }
}
