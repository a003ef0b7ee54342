internal import Foundation
import LatheDiagnostics
import LatheFiles
import LatheJSON
import LathePassKit
import LatheTensors
import OrderedCollections

/// Reads recipes from YAML and JSON, and NNCF's configurations as recipes.
///
/// ```yaml
/// passes:
///   - recipe: fuse                                  # a recipe that Lathe brings
///   - simplify/fold-constants: {maximum-growth: 0}  # a pass with options
///   - exec:./cluster.py                             # a program, found from the recipe's folder, as its arguments are
/// budget:
///   coverage: [{pass: fuse/attention, minimum-done: 2}]
/// ```
public struct RecipeReader: Sendable {
  /// A recipe, and what of its file has no meaning here.
  public struct Reading: Sendable {
    public var recipe: Recipe
    public var warnings: [Diagnostic]
  }

  /// Recipes that steps can name.
  private let named: [Recipe]

  public init(named: [Recipe]) { self.named = named }

  /// Reads the file at `path`.
  ///
  /// - Throws: `file/…` if it cannot be read, and `recipe/…` with line and column for anything in it that is unknown or of the wrong type.
  public func read(path: String) throws(Diagnostic) -> Reading {
    let bytes = try InputFile.bytes(of: path, maximumBytes: DocumentParser.maximumBytes)
    return try read(bytes, path: path)
  }

  /// Reads a recipe from memory; paths in it are relative to the folder of `path`.
  ///
  /// - Throws: as `read(path:)`.
  public func read(_ bytes: [UInt8], path: String) throws(Diagnostic) -> Reading {
    let isJSON = path.hasSuffix(".json")
    if isJSON { _ = try JSONValue.parse(bytes, file: path) }
    let root = try DocumentParser(file: path).parse(bytes)
    if NNCFConfiguration.isOne(root) { return try NNCFConfiguration.read(root, named: named) }
    var recipe = try recipe(root, folder: (path as NSString).deletingLastPathComponent)
    if recipe.name.isEmpty { recipe.name = path }
    return Reading(recipe: recipe, warnings: [])
  }

  private func recipe(_ root: DocumentNode, folder: String) throws(Diagnostic) -> Recipe {
    let members = try root.members("a recipe", known: RecipeKeys.recipe)
    var recipe = Recipe()
    if let name = members["name"] { recipe.name = try name.value.text("name") }
    if let summary = members["summary"] { recipe.summary = try summary.value.text("summary") }
    for plugin in try members["plugins"]?.value.list("plugins") ?? [] {
      recipe.plugins.append(Self.resolve(try plugin.text("a plugin"), folder))
    }
    guard let passes = members["passes"] else {
      throw .invalid("recipe/passes", "the recipe lists no passes", at: root.location, fix: "add passes: [simplify/fold-constants]")
    }
    for step in try passes.value.list("passes") { recipe.steps += try steps(step, folder) }
    if let budget = members["budget"] { recipe.budget = try Self.budget(budget.value) }
    return recipe
  }

  /// The steps that an entry of `passes` stands for: an id, `id: {options}`, `{pass, options}` or `{recipe}`.
  private func steps(_ node: DocumentNode, _ folder: String) throws(Diagnostic) -> [Recipe.Step] {
    if case .scalar = node.content {
      return [Recipe.Step(Self.id(try node.text("a pass"), folder), at: node.location)]
    }
    let members = try node.members("a pass")
    if members.count == 1, let only = members.first, only.key.contains("/") || only.key.hasPrefix("exec:") {
      return [try step(only.key, at: only.location, options: only.value, folder)]
    }
    let known = try node.members("a pass", known: RecipeKeys.step)
    if let recipe = known["recipe"] {
      guard known.count == 1 else {
        throw .invalid("recipe/step", "a named recipe takes no further keys", at: node.location, fix: "list its passes to give them options")
      }
      return try steps(named: recipe.value)
    }
    guard let pass = known["pass"] else {
      throw .invalid("recipe/step", "this names neither a pass nor a recipe", at: node.location, fix: "write {pass: ID} or {recipe: NAME}")
    }
    return [try step(pass.value.text("pass"), at: pass.value.location, options: known["options"]?.value, folder)]
  }

  private func step(
    _ id: String, at location: Location, options: DocumentNode?, _ folder: String
  ) throws(Diagnostic) -> Recipe.Step {
    var step = Recipe.Step(Self.id(id, folder), at: location)
    guard let options, !options.json.isNull else { return step }
    for member in try options.members("the options of \(id)") {
      step.options[member.key] = member.value.json
      step.optionLocations[member.key] = member.location
    }
    return step
  }

  private func steps(named node: DocumentNode) throws(Diagnostic) -> [Recipe.Step] {
    let name = try node.text("recipe")
    guard let recipe = named.first(where: { $0.name == name }) else {
      let names = named.map(\.name)
      throw .invalid(
        "recipe/unknown-recipe", "there is no recipe \(name)", at: node.location,
        fix: Spelling.nearest(name, among: names).map { "did you mean \($0)?" } ?? "there are \(names.joined(separator: ", "))")
    }
    return recipe.steps
  }

  private static func budget(_ node: DocumentNode) throws(Diagnostic) -> Budget {
    let members = try node.members("budget", known: RecipeKeys.budget)
    var budget = Budget()
    budget.maximumNodes = try members["maximum-nodes"]?.value.count("maximum-nodes")
    budget.maximumParameters = try members["maximum-parameters"]?.value.count("maximum-parameters")
    budget.maximumBytes = try members["maximum-bytes"]?.value.count("maximum-bytes")
    for demand in try members["coverage"]?.value.list("coverage") ?? [] { budget.coverage.append(try coverage(demand)) }
    for demand in try members["weights"]?.value.list("weights") ?? [] { budget.weights.append(try weights(demand)) }
    return budget
  }

  private static func coverage(_ node: DocumentNode) throws(Diagnostic) -> Budget.Coverage {
    let members = try node.members("a demand of coverage", known: RecipeKeys.coverage)
    guard let pass = members["pass"], members.count > 1 else {
      throw .invalid(
        "recipe/coverage", "a demand of coverage names a pass and a bound", at: node.location,
        fix: "write {pass: fuse/attention, minimum-done: 1}")
    }
    return Budget.Coverage(
      pass: PassID(try pass.value.text("pass")), minimumDone: try members["minimum-done"]?.value.count("minimum-done"),
      maximumDeclined: try members["maximum-declined"]?.value.count("maximum-declined"),
      minimumShare: try members["minimum-share"]?.value.share("minimum-share"), at: pass.value.location)
  }

  private static func weights(_ node: DocumentNode) throws(Diagnostic) -> Budget.Weights {
    let members = try node.members("a demand on weights", known: RecipeKeys.weights)
    guard let type = members["type"], let share = members["minimum-share"] else {
      throw .invalid(
        "recipe/weights", "a demand on weights names a type and a least share", at: node.location,
        fix: "write {type: i8, minimum-share: 0.95}")
    }
    let name = try type.value.text("type")
    guard let dtype = DType(name: name) else {
      throw .invalid(
        "recipe/weights", "there is no type \(name)", at: type.value.location,
        fix: Spelling.nearest(name, among: DType.allCases.map(\.name)).map { "did you mean \($0)?" })
    }
    var operators: [String] = []
    for name in try members["operators"]?.value.list("operators") ?? [] { operators.append(try name.text("an operator")) }
    return Budget.Weights(dtype: dtype, minimumShare: try share.value.share("minimum-share"), operators: operators)
  }

  /// A program's path is relative to the recipe; of its name without a slash and of its arguments, what lies in the recipe's folder.
  private static func id(_ text: String, _ folder: String) -> PassID {
    guard text.hasPrefix("exec:") else { return PassID(text) }
    let command = String(text.dropFirst(5))
    if isFile(resolve(command, folder)) { return PassID("exec:" + resolve(command, folder)) }
    var words = command.split(separator: " ").map { String($0) }
    for (index, word) in words.enumerated() where isFile(resolve(word, folder)) || (index == 0 && word.contains("/")) {
      words[index] = resolve(word, folder)
    }
    return PassID("exec:" + words.joined(separator: " "))
  }

  private static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
  }

  private static func resolve(_ path: String, _ folder: String) -> String {
    guard !path.hasPrefix("/"), !folder.isEmpty else { return path }
    return folder + "/" + path
  }
}
