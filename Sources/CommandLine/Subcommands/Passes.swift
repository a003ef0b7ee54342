import ArgumentParser
import LatheDiagnostics
import LatheJSON
import LathePassKit
import LathePasses
import OrderedCollections

/// `lathe passes`: what can be asked for with `--pass`.
struct Passes: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the passes, or describe one.")

  @Argument(help: "A pass, such as simplify/fold-constants.")
  var id: String?

  @OptionGroup var plugins: PluginOptions

  @Flag(help: "Write JSON.")
  var json = false

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in
      try plugins.supervise([])
      let catalog = try plugins.catalog(with: [])
      let chosen = try id.map { (id) throws(Diagnostic) in [try catalog.entry(PassID(id))] } ?? catalog.all
      var descriptions: [PassDescription] = []
      for entry in chosen { descriptions.append(try PassDescription(entry)) }
      if json {
        Terminal.output.writeLine(JSONValue.array(descriptions.map(\.json)).serialized(pretty: true))
      } else if id == nil {
        var table = TextTable([("pass", .left), ("what it does", .left), ("promise", .left)])
        for description in descriptions { table.append([description.id, description.summary, description.guarantee]) }
        Terminal.output.write(table.render())
        var recipes = TextTable([("recipe", .left), ("what it does", .left), ("passes", .right)])
        for recipe in Recipe.named { recipes.append([recipe.name, recipe.summary, String(recipe.steps.count)]) }
        Terminal.output.write("\n" + recipes.render())
      } else {
        for description in descriptions { Terminal.output.write(description.text) }
      }
    }
  }
}

/// What there is to say about a pass.
private struct PassDescription {
  let id: String
  let summary: String
  let guarantee: String
  /// nil where the pass takes any.
  let options: OrderedDictionary<String, JSONValue>?

  init(_ entry: PassCatalog.Entry) throws(Diagnostic) {
    id = entry.id.rawValue
    summary = entry.summary
    guarantee = entry.guarantee.description
    options = try entry.options()
  }

  var json: JSONValue {
    ["id": .string(id), "summary": .string(summary), "guarantee": .string(guarantee), "options": options.map { .object($0) } ?? .null]
  }

  var text: String {
    guard let options else { return "\(id): \(summary)\npromise: \(guarantee)\noptions: whatever it understands\n" }
    let list = options.map { "  \($0) = \($1.serialized())" }
    let optionLines = list.isEmpty ? ["options: none"] : ["options, with their defaults:"] + list
    return (["\(id): \(summary)", "promise: \(guarantee)"] + optionLines).joined(separator: "\n") + "\n"
  }
}
