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

  @Flag(help: "Write JSON.")
  var json = false

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in
      let chosen: [any Pass.Type]
      if let id {
        chosen = [type(of: try PassCatalog.standard.make(PassID(id)))]
      } else {
        chosen = PassCatalog.standard.all
      }
      var descriptions: [PassDescription] = []
      for pass in chosen { descriptions.append(try PassDescription(pass)) }
      if json {
        Terminal.output.writeLine(JSONValue.array(descriptions.map(\.json)).serialized(pretty: true))
      } else if id == nil {
        var table = TextTable([("pass", .left), ("what it does", .left), ("promise", .left)])
        for description in descriptions { table.append([description.id, description.summary, description.guarantee]) }
        Terminal.output.write(table.render())
        var recipes = TextTable([("recipe", .left), ("what it does", .left), ("passes", .right)])
        for recipe in NamedRecipe.all { recipes.append([recipe.name, recipe.summary, String(recipe.passes.count)]) }
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
  let options: OrderedDictionary<String, JSONValue>

  init(_ type: any Pass.Type) throws(Diagnostic) {
    func describe<P: Pass>(_ type: P.Type) throws(Diagnostic) -> PassDescription { try PassDescription(of: type) }
    self = try describe(type)
  }

  private init<P: Pass>(of type: P.Type) throws(Diagnostic) {
    id = type.id.rawValue
    summary = type.summary
    guarantee = type.init(options: P.Options()).guarantee.description
    options = try PassCatalog.defaultOptions(type)
  }

  var json: JSONValue {
    ["id": .string(id), "summary": .string(summary), "guarantee": .string(guarantee), "options": .object(options)]
  }

  var text: String {
    let list = options.map { "  \($0) = \($1.serialized())" }
    let optionLines = list.isEmpty ? ["options: none"] : ["options, with their defaults:"] + list
    return (["\(id): \(summary)", "promise: \(guarantee)"] + optionLines).joined(separator: "\n") + "\n"
  }
}
