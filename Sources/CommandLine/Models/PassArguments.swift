import LatheDiagnostics
import LatheJSON
import LathePassKit
import OrderedCollections

/// Reads `--pass ID[:key=value,…]` and `--pass ID:{JSON}`, where an ID may be `exec:PATH`.
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
    for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
      guard sides.count == 2, !sides[0].isEmpty else {
        throw Diagnostic(
          "usage/pass", .usage, "--pass \(argument): \(pair) is not key=value",
          fix: "write --pass ID:key=value,key=value, or --pass 'ID:{\"key\": …}' for values with commas")
      }
      guard members[sides[0]] == nil else {
        throw Diagnostic("usage/pass", .usage, "--pass \(argument): \(sides[0]) is given twice")
      }
      members[sides[0]] = (try? JSONValue.parse(Array(sides[1].utf8), file: nil)) ?? .string(sides[1])
    }
    return members
  }
}
