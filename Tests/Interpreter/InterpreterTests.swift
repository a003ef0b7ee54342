import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheOperators
import LatheTensors
import Testing

@Suite struct InterpreterTests {
  func graph(_ text: String) throws -> Graph { try GraphParser(catalog: .standard).parse(text) }

  let sum =
    "graph (%x: f32[n], %b: f32[] default f32[] = [1.0]) -> (%y, %x) { @w: f32[1] = [2.0]  %a = Mul(%x, @w)  %y = Add(%a, %b) }"

  @Test func runsWithAndWithoutDefaults() throws {
    let interpreter = try Interpreter(graph(sum))
    let x = try Tensor([1, 2] as [Float], shape: [2])
    #expect(try interpreter.run(["x": x]).map { $0.elements(as: Float.self) } == [[3, 5], [1, 2]])
    #expect(try interpreter.run(["x": x, "b": .scalar(0 as Float)])[0].elements(as: Float.self) == [2, 4])
  }

  @Test func tapsSeeEveryValueInOrder() throws {
    let interpreter = try Interpreter(graph(sum))
    var seen: [String] = []
    let x = try Tensor([1, 2] as [Float], shape: [2])
    _ = try interpreter.run(["x": x]) { _, value, tensor in
      seen.append("\(interpreter.graph[value].name) \(tensor.shape)")
    }
    #expect(seen == ["a [2]", "y [2]"])
  }

  @Test func feedsThatDoNotFitAreNamed() throws {
    let interpreter = try Interpreter(graph("graph (%x: f32[n, 3]) -> (%y) { %y = Softmax(%x) }"))
    let missing = try #require(throws: Diagnostic.self) { try interpreter.run([:] as [String: Tensor]) }
    #expect(missing.id == "interpreter/input-missing")
    let type = try #require(throws: Diagnostic.self) {
      try interpreter.run(["x": Tensor([1] as [Int64], shape: [1, 1])])
    }
    #expect(type.id == "interpreter/input-type")
    let shape = try #require(throws: Diagnostic.self) {
      try interpreter.run(["x": Tensor([1] as [Float], shape: [1, 1])])
    }
    #expect(shape.message.contains("f32[n, 3]"))
    let x = try Tensor([1, 2, 3] as [Float], shape: [1, 3])
    let unknown = try #require(throws: Diagnostic.self) { try interpreter.run(["x": x, "z": x]) }
    #expect(unknown.message.contains("no input named z"))
  }

  @Test func unsupportedOperatorsAreNamedAllAtOnce() throws {
    let graph = try graph(
      "graph (%x: f32[1]) -> (%c) { %a = opaque \"Foo\" version 9 (%x) as \"first\"  %b = Softmax(%a)  %c = opaque \"d::Bar\" version 1 (%b) as \"second\" }"
    )
    let error = try #require(throws: Diagnostic.self) { try Interpreter(graph) }
    #expect(error.category == .invalidInput)
    #expect(error.notes.count == 2 && error.notes[0].contains("first") && error.notes[1].contains("second"))
  }

  @Test func hugeResultsMeetTheLimitBeforeTheyAreMade() throws {
    let interpreter = try Interpreter(
      graph("graph (%x: f32[1], %s: i64[2]) -> (%y) { %y = Expand(%x, %s) as \"wide\" }"))
    let x = try Tensor([1] as [Float], shape: [1])
    let error = try #require(throws: Diagnostic.self) {
      try interpreter.run(["x": x, "s": Tensor([1_000_000, 1_000_000] as [Int64], shape: [2])])
    }
    #expect(error.id == "limit/tensor-bytes")
    #expect(error.location.node?.contains("wide") == true)
    #expect(throws: Diagnostic.self) {
      try interpreter.run(["x": x, "s": Tensor([Int64.max, 4] as [Int64], shape: [2])])
    }
  }
}
