import LatheDiagnostics
import LatheJSON
import LathePassKit
import LathePasses
import OrderedCollections

/// Reads `--pass ID[:key=value,…]`.
enum PassArguments {
  /// The passes of the recipe, then those of the arguments, in the order given.
  ///
  /// - Throws: `passes/…` for unknown passes and options, `usage/pass` for what is neither, `usage/recipe` for an unknown recipe.
  static func pipeline(recipe: String?, _ arguments: [String]) throws(Diagnostic) -> Pipeline {
    var steps: [Pipeline.Step] = []
    for id in try recipe.map(named) ?? [] { steps.append(Pipeline.Step(try PassCatalog.standard.make(id))) }
    for argument in arguments {
      let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
      let options = parts.count == 2 ? try options(parts[1], argument) : [:]
      steps.append(Pipeline.Step(try PassCatalog.standard.make(PassID(parts[0]), options: options), options: options))
    }
    return Pipeline(steps)
  }

  private static func named(_ recipe: String) throws(Diagnostic) -> [PassID] {
    if let known = NamedRecipe.all.first(where: { $0.name == recipe }) { return known.passes }
    let names = NamedRecipe.all.map(\.name)
    throw Diagnostic(
      "usage/recipe", .usage, "there is no recipe \(recipe)",
      fix: Spelling.nearest(recipe, among: names).map { "did you mean \($0)?" } ?? "the recipes are \(names.joined(separator: ", "))")
  }

  /// `key=value,key=value`: values are JSON where they can be read as such, else strings.
  private static func options(_ text: String, _ argument: String) throws(Diagnostic) -> JSONValue {
    var members: OrderedDictionary<String, JSONValue> = [:]
    for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
      guard sides.count == 2, !sides[0].isEmpty else {
        throw Diagnostic(
          "usage/pass", .usage, "--pass \(argument): \(pair) is not key=value",
          fix: "write --pass ID:key=value,key=value")
      }
      guard members[sides[0]] == nil else {
        throw Diagnostic("usage/pass", .usage, "--pass \(argument): \(sides[0]) is given twice")
      }
      members[sides[0]] = (try? JSONValue.parse(Array(sides[1].utf8), file: nil)) ?? .string(sides[1])
    }
    return .object(members)
  }
}
