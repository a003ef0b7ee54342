import LatheDiagnostics
import LatheJSON
import OrderedCollections

/// A part of a YAML or JSON document that knows its place in the file.
struct DocumentNode {
  /// A key and its value.
  struct Member {
    var key: String
    var location: Location
    var value: DocumentNode
  }

  indirect enum Content {
    case scalar(JSONValue)
    case list([DocumentNode])
    case mapping([Member])
  }

  var content: Content
  var location: Location

  /// What this is, with its article.
  var kindDescription: String {
    switch content {
    case .scalar(let value): value.kindDescription
    case .list: "a list"
    case .mapping: "a mapping"
    }
  }

  /// The part without its places.
  var json: JSONValue {
    switch content {
    case .scalar(let value): value
    case .list(let elements): .array(elements.map(\.json))
    case .mapping(let members):
      .object(OrderedDictionary(members.map { ($0.key, $0.value.json) }) { first, _ in first })
    }
  }

  /// The members of a mapping whose keys are all among `known`.
  ///
  /// - Throws: `recipe/type` for anything else, and `recipe/unknown-key` with the nearest known key.
  func members(_ what: String, known: [String]) throws(Diagnostic) -> [String: Member] {
    var found: [String: Member] = [:]
    for member in try members(what) {
      guard known.contains(member.key) else {
        throw .invalid(
          "recipe/unknown-key", "\(what) has no key \(member.key)", at: member.location,
          fix: Spelling.nearest(member.key, among: known).map { "did you mean \($0)?" }
            ?? "the keys are \(known.joined(separator: ", "))")
      }
      found[member.key] = member
    }
    return found
  }

  func members(_ what: String) throws(Diagnostic) -> [Member] {
    guard case .mapping(let members) = content else { throw mismatch(what, "a mapping") }
    return members
  }

  func list(_ what: String) throws(Diagnostic) -> [DocumentNode] {
    guard case .list(let elements) = content else { throw mismatch(what, "a list") }
    return elements
  }

  func text(_ what: String) throws(Diagnostic) -> String {
    guard case .scalar(.string(let text)) = content else { throw mismatch(what, "a text") }
    return text
  }

  /// A whole number of 0 or more.
  func count(_ what: String) throws(Diagnostic) -> Int {
    guard case .scalar(let value) = content, let number = value.intValue, number >= 0 else {
      throw mismatch(what, "a whole number of 0 or more")
    }
    return number
  }

  /// A number from 0 to 1.
  func share(_ what: String) throws(Diagnostic) -> Double {
    guard case .scalar(let value) = content, let number = value.doubleValue, (0...1).contains(number) else {
      throw mismatch(what, "a number from 0 to 1")
    }
    return number
  }

  private static func shortened(_ text: String) -> String { text.count > 60 ? text.prefix(60) + "…" : text }

  func mismatch(_ what: String, _ wanted: String) -> Diagnostic {
    var found = kindDescription
    if case .scalar(let value) = content, !value.isNull { found = Self.shortened(value.serialized()) }
    return .invalid("recipe/type", "\(what) is \(wanted), not \(found)", at: location)
  }
}
