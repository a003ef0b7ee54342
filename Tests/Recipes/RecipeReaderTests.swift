import Foundation
import LatheDiagnostics
import LatheJSON
import LathePassKit
import LatheRecipes
import LatheTestSupport
import OrderedCollections
import Testing

@Suite struct RecipeReaderTests {
  static let reader = RecipeReader(named: [Recipe(name: "both", summary: "", passes: ["a/one", "a/two"])])

  static func read(_ text: String, _ path: String = "folder/r.yaml") throws(Diagnostic) -> Recipe {
    try reader.read(Array(text.utf8), path: path).recipe
  }

  @Test func everyFormOfAStepIsRead() throws {
    let recipe = try Self.read(
      """
      name: mine
      plugins: [p.swift, /abs/q.so]
      passes:
        - a/zero
        - recipe: both
        - a/three: {depth: 2, names: [x, yes], ratio: 0.5, quoted: "1"}
        - a/four:
        - {pass: "exec:tools/x.py", options: {k: null}}
        - exec:y.py: {k: true}
      budget:
        maximum-nodes: 12
        coverage: [{pass: a/zero, minimum-share: 1}]
        weights: [{type: i8, minimum-share: 0.95, operators: [MatMul]}]
      """)
    #expect(recipe.name == "mine")
    #expect(recipe.plugins == ["folder/p.swift", "/abs/q.so"])
    #expect(
      recipe.steps.map(\.id.rawValue) == [
        "a/zero", "a/one", "a/two", "a/three", "a/four", "exec:folder/tools/x.py", "exec:y.py",
      ])
    #expect(
      JSONValue.object(recipe.steps[3].options) == ["depth": 2, "names": ["x", "yes"], "ratio": 0.5, "quoted": "1"])
    #expect(recipe.steps[6].options["k"] == true)
    #expect(recipe.steps[3].optionLocations["depth"]?.line == 6)
    #expect(recipe.budget.maximumNodes == 12)
    #expect(recipe.budget.weights.first?.minimumShare == 0.95)
  }

  @Test func whatOnlyLooksLikeAnAnchorOrNestingIsText() throws {
    let dashes = "# " + String(repeating: "-", count: 300) + "\n"
    let recipe = try Self.read(dashes + "summary: \"salt &pepper, [*stars] and !tags\"\nname: a &b *c !d\npasses: [a/b]\n")
    #expect(recipe.summary == "salt &pepper, [*stars] and !tags" && recipe.name == "a &b *c !d")
  }

  @Test func programsAndTheirArgumentsAreFoundFromTheRecipesFolder() throws {
    let folder = try TemporaryFolder()
    for name in ["x.py", "my tool"] { try folder.write(name, []) }
    let text = "passes: [\"exec:python3 x.py --deep\", exec:x.py, exec:my tool, exec:tools/y -v]"
    let recipe = try Self.read(text, folder.file("r.yaml"))
    let path = folder.path
    #expect(
      recipe.steps.map(\.id.rawValue) == [
        "exec:python3 \(path)/x.py --deep", "exec:\(path)/x.py", "exec:\(path)/my tool", "exec:\(path)/tools/y -v",
      ])
  }

  @Test func jsonIsReadAsStrictlyAsJSON() throws {
    let recipe = try Self.read(#"{"passes": ["a/b", {"a/c": {"x": [1, 2]}}]}"#, "r.json")
    #expect(recipe.steps.count == 2)
    #expect(throws: Diagnostic.self) { try Self.read("{passes: [a/b]}", "r.json") }
  }

  /// Nine aliases of nine aliases of nine …, the last as a key, which whoever looks for duplicates reads to its end.
  static let bomb = (1...9).reduce("a0: &a0 x\n") { text, level in
    text + "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]\n"
  } + "? *a9\n: 1\n"

  /// Text, what the diagnostic must say, the line it must name.
  static let faults: [(String, String, Int?)] = [
    ("pases: [a/b]", "did you mean passes", 1),
    ("passes: a/b", "passes is a list", 1),
    ("passes:\n  - a/b\n  - 7", "a pass is a text", 3),
    ("passes:\n  - pas: a/b", "did you mean pass", 2),
    ("passes:\n  - {recipe: bot}", "did you mean both", 2),
    ("passes:\n  - {recipe: both, options: {}}", "no further keys", 2),
    ("passes: []\nbudget: {maximum-node: 3}", "did you mean maximum-nodes", 2),
    ("passes: []\nbudget: {maximum-nodes: -3}", "whole number of 0 or more", 2),
    ("passes: []\nbudget: {maximum-nodes: yes}", "whole number", 2),
    ("passes: []\nbudget: {coverage: [{pass: a/b}]}", "a pass and a bound", 2),
    ("passes: []\nbudget: {weights: [{type: i9, minimum-share: 1}]}", "did you mean i", 2),
    ("passes: []\nbudget: {weights: [{type: i8, minimum-share: 95}]}", "0 to 1", 2),
    ("passes: []\nname: [a]", "name is a text", 2),
    ("name: x", "lists no passes", nil),
    ("", "nothing in it", nil),
    ("passes: [a/b", "no YAML or JSON", nil),
    ("passes: []\npasses: []", "twice", nil),
    ("passes:\n  - &x a/b\n  - *x", "anchors", 2),
    ("passes:\n  - {pass: a/b, options: {x: &y 1}}", "anchors", 2),
    ("passes: *x", "anchors", 1),
    ("passes: []\nbudget: {maximum-nodes: !!str 5}", "tags", 2),
    ("passes: !!seq []", "tags", 1),
    ("passes: []\nname: ! x", "tags", 2),
    (bomb, "anchors", 1),
    ("- a/b", "is a mapping", 1),
    ("passes: [\"a/b\"]\n? [1]\n: 2", "a key is a text", nil),
    ("a: 1\n---\nb: 2", "no YAML or JSON", nil),
    (String(repeating: "[", count: 5000), "nested", 1),
    (String(repeating: "- ", count: 5000), "nested", 1),
  ]

  @Test(arguments: faults) func faultsNameTheirLine(_ text: String, _ message: String, _ line: Int?) throws {
    let error = try #require(throws: Diagnostic.self) { try Self.read(text) }
    #expect("\(error.message) \(error.fix ?? "")".contains(message), "\(error)")
    #expect(error.category == .invalidInput)
    #expect(error.location.file == "folder/r.yaml")
    if let line { #expect(error.location.line == line, "\(error)") }
  }

  @Test func bytesThatAreNoRecipeAreRefused() throws {
    var generator = SeededGenerator(seed: 7)
    let seed = Array("passes:\n  - a/b: {x: [1, {y: 2}]}\nbudget: {maximum-nodes: 3}\n".utf8)
    for _ in 0..<2000 {
      var bytes = seed
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      do throws(Diagnostic) {
        _ = try Self.reader.read(bytes, path: "r.yaml")
      } catch {
        #expect(error.category == .invalidInput, "\(error)")
      }
    }
  }

  @Test func unknownOptionsAreFoundAtTheirLine() throws {
    let recipe = try Self.read("passes:\n  - test/pass:\n      depth: 3\n      deptj: 4\n")
    let error = try #require(throws: Diagnostic.self) { try recipe.pipeline(from: PassCatalog([DeepPass.self])) }
    #expect(error.location.line == 4 && error.fix?.contains("depth") == true, "\(error)")
    let typed = try #require(throws: Diagnostic.self) {
      try Self.read("passes:\n  - test/pass:\n      depth: many").pipeline(from: PassCatalog([DeepPass.self]))
    }
    #expect(typed.location.line == 3, "\(typed)")
    let unknown = try #require(throws: Diagnostic.self) {
      try Self.read("passes:\n  - test/pas").pipeline(from: PassCatalog([DeepPass.self]))
    }
    #expect(unknown.location.line == 2 && unknown.fix?.contains("test/pass") == true, "\(unknown)")
    let coverage = try #require(throws: Diagnostic.self) {
      try Self.read("passes: [test/pass]\nbudget: {coverage: [{pass: test/past, minimum-done: 1}]}")
        .pipeline(from: PassCatalog([DeepPass.self]))
    }
    #expect(coverage.location.line == 2, "\(coverage)")
  }

  @Test func theSchemaHasTheReadersKeys() throws {
    let schema = try JSONValue.parse(fileAt: Repository.path("Schemas/recipe.schema.json"))
    func keys(_ part: JSONValue?) -> Set<String> { Set(part?["properties"]?.objectValue?.keys.map { $0 } ?? []) }
    let parts = schema["$defs"]
    #expect(keys(schema) == Set(RecipeKeys.recipe))
    #expect(keys(parts?["budget"]) == Set(RecipeKeys.budget))
    #expect(keys(parts?["coverage"]) == Set(RecipeKeys.coverage))
    #expect(keys(parts?["weights"]) == Set(RecipeKeys.weights))
    let steps = parts?["step"]?["oneOf"]?.arrayValue ?? []
    #expect(steps.reduce(into: Set()) { $0.formUnion(keys($1)) } == Set(RecipeKeys.step))
  }
}
