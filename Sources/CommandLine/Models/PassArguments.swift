import LatheDiagnostics
import LatheJSON
import LathePassKit
import OrderedCollections

/// Reads `--pass ID[:key=value,…]`, where a value may be `[item,item]`, and `--pass ID:{JSON}`, where an ID may be `exec:COMMAND`.
enum PassArguments {
  /// - Throws: `usage/pass` for what is no list of options.
  static func step(_ argument: String) throws(Diagnostic) -> Recipe.Step {
    let prefix = argument.hasPrefix("exec:") ? "exec:" : ""
    let parts = argument.dropFirst(prefix.count).split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let id = PassID(prefix + parts[0])
    return Recipe.Step(id, options: parts.count == 2 ? try options(String(parts[1]), argument) : [:])
  }

  /// `key=value,key=value`: values are JSON where they can be read as such, else strings.
  private static func options(
    _ text: String, _ argument: String
  ) throws(Diagnostic) -> OrderedDictionary<String, JSONValue> {
    var members: OrderedDictionary<String, JSONValue> = [:]
    if text.hasPrefix("{") { return try JSONValue.parse(text).objectValue ?? [:] }
    for pair in items(of: text) {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
      guard sides.count == 2, !sides[0].isEmpty else {
        throw Diagnostic(
          "usage/pass", .usage, "--pass \(argument): \(pair) is not key=value",
          fix: "write --pass ID:key=value,key=value, or --pass 'ID:{\"key\": …}' for values with commas")
      }
      guard members[sides[0]] == nil else {
        throw Diagnostic("usage/pass", .usage, "--pass \(argument): \(sides[0]) is given twice")
      }
      members[sides[0]] = value(sides[1])
    }
    return members
  }

  /// What stands between commas that are not within brackets.
  private static func items(of text: String) -> [String] {
    var items = [""]
    var depth = 0
    for character in text {
      if character == "[" { depth += 1 } else if character == "]" { depth -= 1 }
      if character == ",", depth <= 0 { items.append("") } else { items[items.count - 1].append(character) }
    }
    return items
  }

  private static func value(_ text: String) -> JSONValue {
    if let value = try? JSONValue.parse(Array(text.utf8), file: nil) { return value }
    guard text.hasPrefix("["), text.hasSuffix("]") else { return .string(text) }
    return .array(items(of: String(text.dropFirst().dropLast())).map { value($0) })
  }
}
