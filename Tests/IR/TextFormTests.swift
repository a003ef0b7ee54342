import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import Testing

@Suite struct TextFormTests {
  static let parser = GraphParser(catalog: .standard)

  static let texts = [
    """
    graph (%a: f32[batch, 4], %b: f32[4]) -> (%sum) {
      %sum = Add(%a, %b) : f32[batch, 4]
    }

    """,
    """
    graph "named \\"graph\\"" (%x: i64[n, 2*n + 1], %flag: bool[] default bool[] = [true]) -> (%y, %x) {
      @two: i64[] = [2]
      @"odd name": f32[3] = [1.0, -0.0, 1e-05]
      @words: str[2] = ["a\\n", "ü"]
      @bits: i4[3] = [-8, 7, 0]
      @small: f8e4m3fn[2] = bytes "7e01"
      %y = Add(%x, @two) : i64[n, 2*n + 1] as "/layer.0/add"
    }

    """,
    """
    graph (%x: f32[2]) -> (%y) {
      %y, _, %z = opaque "com.example::Thing" version 3 (%x, _, %x) {mode = "fast", count = 3, scale = 0.5, axes = [1, -1], weights = [0.5, nan], none = integers [], raw = bytes "ff00", table = tensor i64[2] = [1, 2], kind = type sequence(f32[*])} : f32[2], _, ?
      %w = Softmax(%z) {axis = 0}
    }

    """,
    """
    graph (%c: bool[], %x: f32[2]) -> (%y) {
      @half: f32[] = [0.5]
      %y = opaque "If" version 16 (%c) captures (%x, @half) {
        then_branch = graph "then" () captures (%inner: f32[2], %h: f32[]) -> (%t) {
          %t = Add(%inner, %h) : f32[2]
        },
        else_branch = graph () -> (%e) {
          @e: f32[2] = [1.0, 2.0]
        }
      } : f32[2]
    }

    """,
  ]

  @Test(arguments: texts) func printingReadsBackAsTheSameGraph(_ text: String) throws {
    let graph: Graph
    do {
      graph = try Self.parser.parse(text)
    } catch {
      guard text.contains("else_branch") else { throw error }
      // A branch may give a constant of its own; the text names it with its sigil.
      graph = try Self.parser.parse(text.replacing("(%e)", with: "(@e)"))
    }
    let printed = GraphPrinter().print(graph)
    let again = try Self.parser.parse(printed)
    #expect(again == graph, "\(printed)")
    #expect(GraphPrinter().print(again) == printed)
  }

  @Test func largeConstantsAreReferences() throws {
    let graph = try Self.parser.parse("graph (%x: f32[4, 4]) -> (%y) { @w: f32[4, 4] = seeded(7)  %y = Add(%x, @w) }")
    let printed = GraphPrinter().print(graph)
    #expect(printed.contains("@w: f32[4, 4] #"))
    #expect(throws: Diagnostic.self) { try Self.parser.parse(printed) }
    let weights = try #require(graph.value(named: "w").flatMap { graph.constant($0) })
    let resolving = GraphParser(catalog: .standard) { name, _, _ in name == "w" ? weights : nil }
    #expect(try resolving.parse(printed) == graph)
    #expect(try Self.parser.parse(GraphPrinter(inlineElements: 100).print(graph)) == graph)
  }

  @Test(arguments: [
    ("graph (%x: f32[2]) -> (%y) {\n  %y = Ad(%x, %x)\n}", 2, 8, "no operator Ad"),
    ("graph (%x: f32[2]) -> (%y) {\n  %y = Add(%x, %z)\n}", 2, 20, "defines z"),
    ("graph (%x: f32[2]) -> (%y) {\n  %y = Softmax(%x) {axes = 1}\n}", 2, 8, "no attribute axes"),
    ("graph (%x: q7[2]) -> (%x) {}", 1, 12, "q7 is no type"),
    ("graph (%x: f32[2]) -> (%x) { @c: f32[2] = [1.0] }", 1, 48, "do not fill"),
    ("graph (%x: f32[2) -> (%x) {}", 1, 16, "missing"),
    ("", 1, 1, "starts with the word graph"),
  ]) func mistakesAreNamedWithTheirPlace(_ text: String, _ line: Int, _ column: Int, _ part: String) throws {
    let error = try #require(throws: Diagnostic.self) { try Self.parser.parse(text) }
    #expect(error.message.contains(part), "\(error.message)")
    #expect(error.location.line == line)
    #expect(abs((error.location.column ?? 0) - column) <= 8, "column \(error.location.column ?? 0)")
  }

  @Test func truncationsAndFlipsNeverTrap() {
    let text = Array(Self.texts.joined().utf8)
    for end in stride(from: 0, to: text.count, by: 7) {
      #expect(throws: Diagnostic.self) { try Self.parser.parse(String(decoding: text[..<end], as: UTF8.self)) }
    }
    let whole = Array(Self.texts[2].utf8)
    var survivors = 0
    for position in whole.indices {
      var mutated = whole
      mutated[position] ^= UInt8(1 << (position % 7))
      if (try? Self.parser.parse(String(decoding: mutated, as: UTF8.self))) != nil { survivors += 1 }
    }
    #expect(survivors < whole.count)
  }

  @Test func deepNestingMeetsTheLimit() throws {
    let text = "graph () -> () { " + String(repeating: "opaque \"If\" version 1 () {b = graph () -> () { ", count: 2000)
    let error = try #require(throws: Diagnostic.self) { try Self.parser.parse(text) }
    #expect(error.id == "limit/nesting-depth")
  }
}
