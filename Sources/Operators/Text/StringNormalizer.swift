internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// Strings without those on a list, in lower or upper case if asked for.
public struct StringNormalizer: Evaluable {
  /// What becomes of letters.
  public enum CaseChange: String, Sendable, Hashable, CaseIterable {
    case none = "NONE"
    case lower = "LOWER"
    case upper = "UPPER"
  }

  public static let schema = OperatorSchema(
    "StringNormalizer", since: 10,
    inputs: [.init("X", "", [.string])],
    outputs: [.init("Y", "", [.string])],
    attributes: [
      "case_change_action": .string, "is_case_sensitive": .integer, "locale": .string, "stopwords": .strings,
    ])

  public var caseChange: CaseChange
  /// Whether strings on the list differ from those that have other cases.
  public var isCaseSensitive: Bool
  /// Language and region whose rules letters change case by; nil for those of all.
  public var locale: String?
  /// Strings that are left out.
  public var stopWords: [String]

  public init(
    caseChange: CaseChange = .none, isCaseSensitive: Bool = false, locale: String? = nil, stopWords: [String] = []
  ) {
    self.caseChange = caseChange
    self.isCaseSensitive = isCaseSensitive
    self.locale = locale
    self.stopWords = stopWords
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    caseChange = try attributes.choice("case_change_action", default: .none)
    isCaseSensitive = try attributes.flag("is_case_sensitive", default: false)
    locale = try attributes.string("locale")
    stopWords = try attributes.strings("stopwords") ?? []
  }

  public func encode(into attributes: inout Attributes) {
    if caseChange != .none { attributes.set("case_change_action", caseChange.rawValue) }
    if isCaseSensitive { attributes.set("is_case_sensitive", true) }
    if let locale { attributes.set("locale", locale) }
    if !stopWords.isEmpty { attributes.set("stopwords", stopWords) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard let shape = type.shape else { return [.tensor(type)] }
    guard shape.count == 1 || shape.count == 2 && !shape[0].isProvablyDifferent(from: 1) else {
      throw .invalid("operator/shape", "StringNormalizer takes [C] or [1, C], but is given \(type)")
    }
    let count = inputs.optional(0)?.constant?.strings.map { LatheTensors.Dimension.known(normalized($0).count) }
    return [.tensor(TensorType(.string, shape.dropLast() + [count ?? .unknown]))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let result = normalized(input.strings ?? [])
    return [try Tensor(strings: result, shape: input.shape.dropLast() + [result.count])]
  }

  /// What is left, or one empty string if that is nothing.
  private func normalized(_ strings: [String]) -> [String] {
    let rules = locale.map { Locale(identifier: $0) }
    func lower(_ text: String) -> String { rules.map { text.lowercased(with: $0) } ?? text.lowercased() }
    func upper(_ text: String) -> String { rules.map { text.uppercased(with: $0) } ?? text.uppercased() }
    let words = Set(isCaseSensitive ? stopWords : stopWords.map(lower))
    let kept = words.isEmpty ? strings : strings.filter { !words.contains(isCaseSensitive ? $0 : lower($0)) }
    if kept.isEmpty { return [""] }
    switch caseChange {
    case .none: return kept
    case .lower: return kept.map(lower)
    case .upper: return kept.map(upper)
    }
  }
}
