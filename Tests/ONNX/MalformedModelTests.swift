import LatheDiagnostics
import LatheIR
import LatheONNX
import LatheTensors
import LatheTestSupport
import Testing

struct BadModel: CustomTestStringConvertible, Sendable {
  let what: String
  let bytes: [UInt8]
  let id: String
  /// What the diagnostic must name: a node, a value, or a word of its message.
  var names: [String] = []
  var testDescription: String { what }

  init(_ what: String, _ bytes: [UInt8], _ id: String, _ names: String...) {
    self.what = what
    self.bytes = bytes
    self.id = id
    self.names = names
  }
}

private typealias P = ProtoBytes

private func withInitializer(_ tensor: ProtoBytes) -> [UInt8] {
  P.model(P.graph([P.node("Add", ["x", "w"], ["y"])], initializers: [tensor]))
}

private let relu = P.node("Relu", ["x"], ["y"])
private let minusOne = UInt64(bitPattern: -1)

private let badGraphs: [BadModel] = [
  BadModel(
    "an input that nothing makes", P.model(P.graph([P.node("Add", ["x", "ghost"], ["y"], name: "sum")])),
    "onnx/undefined-value", "ghost", "sum (Add)"),
  BadModel(
    "an output that nothing makes", P.model(P.graph([P.node("Relu", ["x"], ["z"])])), "onnx/output-missing", "y"),
  BadModel(
    "two nodes make a value", P.model(P.graph([relu, P.node("Abs", ["x"], ["y"], name: "second")])),
    "onnx/duplicate-name", "y", "second (Abs)"),
  BadModel("a node makes an input", P.model(P.graph([P.node("Relu", ["x"], ["x"])])), "onnx/duplicate-name", "x"),
  BadModel("two inputs", P.model(P.graph([relu], inputs: [P.value("x"), P.value("x")])), "onnx/duplicate-name", "x"),
  BadModel(
    "two initializers", P.model(P.graph([relu], initializers: [P.floats("w", [1], [1]), P.floats("w", [1], [1])])),
    "onnx/duplicate-name", "w"),
  BadModel("an initializer without a name", withInitializer(P.floats("", [1], [1])), "onnx/no-name"),
  BadModel(
    "a cycle",
    P.model(
      P.graph([
        P.node("Add", ["x", "b"], ["a"], name: "first"), P.node("Relu", ["a"], ["b"]), P.node("Relu", ["b"], ["y"]),
      ])),
    "onnx/cycle", "first (Add)", "Relu → b"),
  BadModel("a node that reads itself", P.model(P.graph([P.node("Add", ["x", "y"], ["y"])])), "onnx/cycle", "Add → y"),
  BadModel("no operator", P.model(P.graph([P.node("", ["x"], ["y"])])), "onnx/no-operator"),
  BadModel(
    "an operator's wrong attribute", P.model(P.graph([P.node("Relu", ["x"], ["y"], [P.attribute("slope", int: 1)])])),
    "operator/attribute-unknown", "slope"),
  BadModel(
    "an attribute twice",
    P.model(P.graph([P.node("Softmax", ["x"], ["y"], [P.attribute("axis", int: 0), P.attribute("axis", int: 1)])])),
    "onnx/attribute-name", "axis"),
  BadModel(
    "an attribute of two kinds",
    P.model(P.graph([P.node("Op", ["x"], ["y"], [P.attribute("a", int: 0).text(4, "s")])])), "onnx/attribute-kind", "a"),
  BadModel(
    "an attribute of no kind", P.model(P.graph([P.node("Op", ["x"], ["y"], [P().text(1, "a")])])),
    "onnx/attribute-kind", "a"),
  BadModel(
    "an attribute of an unknown kind",
    P.model(P.graph([P.node("Op", ["x"], ["y"], [P().text(1, "a").int(3, 1).int(20, 99)])])), "onnx/attribute-kind", "a"
  ),
  BadModel(
    "a reference outside a function",
    P.model(P.graph([P.node("Op", ["x"], ["y"], [P().text(1, "a").text(21, "b").int(20, 2)])])),
    "onnx/attribute-reference", "b"),
  BadModel(
    "a Constant without value", P.model(P.graph([relu, P.node("Constant", [], ["c"])])), "onnx/constant", "Constant → c"
  ),
  BadModel(
    "a name that is not UTF-8", P.model(P.graph([P().block(1, [0xff]).text(2, "y").text(4, "Relu")])), "onnx/text"),
  BadModel(
    "a negative dimension of an input", P.model(P.graph([relu], inputs: [P.value("x", [-5])])),
    "onnx/negative-dimension", "-5", "x"),
  BadModel(
    "an unknown type of an input", P.model(P.graph([relu], inputs: [P.value("x", [], type: 99)])), "onnx/element-type",
    "99", "x"),
  BadModel("an input without type", P.model(P.graph([relu], inputs: [P().text(1, "x")])), "onnx/input-type", "x"),
  BadModel(
    "shapes that do not fit",
    P.model(
      P.graph(
        [P.node("Add", ["x", "w"], ["y"])], inputs: [P.value("x", [3])], initializers: [P.floats("w", [1, 2], [2])])),
    "operator/broadcast", "Add → %y"),
  BadModel(
    "a default of another type",
    P.model(P.graph([relu], inputs: [P.value("x", [3])], initializers: [P.floats("x", [1, 2], [2])])),
    "onnx/default-type", "x"),
  BadModel("no opset", P.model(P.graph([relu]), opset: 0), "onnx/opset", "version 0"),
  BadModel("a new opset", P.model(P.graph([relu]), opset: 29), "onnx/opset", "29", "1 to 28"),
  BadModel("an opset of no sense", P.model(P.graph([relu]), opset: 1 << 63), "onnx/opset"),
  BadModel("an old IR version", P.model(P.graph([relu]), ir: 2), "onnx/ir-version", "3 to 14"),
  BadModel("a new IR version", P.model(P.graph([relu]), ir: 15), "onnx/ir-version", "15"),
  BadModel("a negative IR version", P.model(P.graph([relu]), ir: minusOne), "onnx/ir-version"),
  BadModel(
    "an undefined value in a subgraph",
    P.model(
      P.graph([
        P.node(
          "If", ["x"], ["y"], name: "choice",
          [
            P.attribute(
              "then_branch", graph: P.graph([P.node("Relu", ["ghost"], ["z"])], inputs: [], outputs: [P.value("z")]))
          ])
      ])),
    "onnx/undefined-value", "ghost", "then_branch"),
]

private let badTensors: [BadModel] = [
  BadModel(
    "short raw data", withInitializer(P.tensor("w", 1, [2]).block(9, [1, 2, 3, 4])), "onnx/raw-data-length", "w", "4",
    "8"),
  BadModel(
    "long raw data", withInitializer(P.tensor("w", 1, [2]).block(9, [UInt8](repeating: 0, count: 9))),
    "onnx/raw-data-length", "w"),
  BadModel("no data", withInitializer(P.tensor("w", 1, [2])), "onnx/no-data", "w"),
  BadModel("empty raw data", withInitializer(P.tensor("w", 1, [2]).block(9, [])), "onnx/no-data", "w"),
  BadModel(
    "data for nothing", withInitializer(P.tensor("w", 1, [0]).block(9, [1, 2, 3, 4])), "onnx/raw-data-length", "w"),
  BadModel(
    "a wrong field", withInitializer(P.tensor("w", 1, [2]).block(7, [1, 2])), "onnx/data-field", "int64_data",
    "float_data", "w"),
  BadModel("strings in raw data", withInitializer(P.tensor("w", 8, [1]).block(9, [65])), "onnx/data-field", "w"),
  BadModel(
    "data twice", withInitializer(P.tensor("w", 1, [1]).block(4, [0, 0, 0, 0]).block(9, [0, 0, 0, 0])),
    "onnx/data-twice", "float_data", "raw_data", "w"),
  BadModel("too few values", withInitializer(P.tensor("w", 7, [3]).block(7, [1, 2])), "onnx/element-count", "w"),
  BadModel(
    "too many values of 4 bits", withInitializer(P.tensor("w", 22, [3]).block(5, [1, 2, 3])), "onnx/element-count", "w"),
  BadModel(
    "a value beyond its type", withInitializer(P.tensor("w", 3, [1]).block(5, P.varint(200))), "onnx/element-range",
    "200", "w"),
  BadModel(
    "6 bits that are 7", withInitializer(P.tensor("w", 27, [1]).block(5, [64])), "onnx/element-range", "64", "w"),
  BadModel(
    "a value beyond uint32", withInitializer(P.tensor("w", 12, [1]).block(11, P.varint(1 << 32))), "onnx/element-range",
    "w"),
  BadModel("text that is not UTF-8", withInitializer(P.tensor("w", 8, [1]).block(6, [0xff])), "onnx/text", "w"),
  BadModel("no type", withInitializer(P().int(1, 1).text(8, "w").block(9, [1])), "onnx/element-type", "w"),
  BadModel("an unknown type", withInitializer(P.tensor("w", 29, [1]).block(9, [1])), "onnx/element-type", "29", "w"),
  BadModel(
    "a negative dimension", withInitializer(P.tensor("w", 1, [2, -3]).block(9, [0])), "onnx/negative-dimension", "-3",
    "w"),
  BadModel(
    "a product that overflows", withInitializer(P.tensor("w", 1, [1 << 40, 1 << 40]).block(9, [0])),
    "onnx/shape-overflow", "w"),
  BadModel(
    "bytes that overflow", withInitializer(P.tensor("w", 1, [1 << 61]).block(9, [0])), "onnx/shape-overflow", "w"),
  BadModel(
    "10^12 elements", withInitializer(P.tensor("w", 1, [1_000_000, 1_000_000]).block(9, [0])), "limit/tensor-bytes", "w"
  ),
  BadModel(
    "10^12 strings", withInitializer(P.tensor("w", 8, [1_000_000_000_000]).block(6, [0])), "limit/tensor-bytes", "w"),
  BadModel(
    "many dimensions", withInitializer(P.tensor("w", 1, [Int64](repeating: 1, count: 5000)).block(9, [0, 0, 0, 0])),
    "onnx/rank", "w"),
  BadModel(
    "a segment", withInitializer(P.floats("w", [1], [1]).message(3, P().int(1, 0).int(2, 1))), "onnx/segment", "w"),
  BadModel(
    "a sparse tensor of 10^12 elements",
    P.model(
      P.graph(
        [relu],
        sparse: [
          P().message(1, P.floats("w", [1], [1])).message(2, P.tensor("i", 7, [1]).block(7, [0])).int(3, 1_000_000).int(
            3, 1_000_000)
        ])),
    "limit/tensor-bytes", "w"),
  BadModel(
    "a sparse index outside",
    P.model(
      P.graph(
        [relu],
        sparse: [P().message(1, P.floats("w", [1], [1])).message(2, P.tensor("i", 7, [1]).block(7, [9])).int(3, 3)])),
    "onnx/sparse", "w"),
  BadModel(
    "sparse coordinates that would overflow",
    P.model(
      P.graph(
        [relu],
        sparse: [
          P().message(1, P.floats("w", [1], [1])).message(
            2, P.tensor("i", 7, [1, 3]).block(7, P.varint(1 << 39) + P.varint(1 << 39) + [0])
          )
          .int(3, 1 << 40).int(3, 1 << 40).int(3, 0)
        ])), "onnx/sparse", "w"),
  BadModel("a sparse tensor without values", P.model(P.graph([relu], sparse: [P().int(3, 3)])), "onnx/sparse"),
]

private let call = P.node("F", ["x"], ["y"], name: "call", domain: "f")

private let badFunctions: [BadModel] = [
  BadModel(
    "a function that calls itself",
    P.model(P.graph([call]), functions: [P.function("F", ["a"], ["b"], [P.node("F", ["a"], ["b"], domain: "f")])]),
    "onnx/function-cycle", "f::F → f::F"),
  BadModel(
    "functions in a circle",
    P.model(
      P.graph([relu]),
      functions: [
        P.function("F", ["a"], ["b"], [P.node("G", ["a"], ["b"], domain: "f")]),
        P.function("G", ["a"], ["b"], [P.node("F", ["a"], ["b"], domain: "f")]),
      ]),
    "onnx/function-cycle"),
  BadModel(
    "two functions of one name",
    P.model(P.graph([call]), functions: [P.function("F", ["a"], ["b"], []), P.function("F", ["a"], ["b"], [])]),
    "onnx/function-duplicate", "f::F"),
  BadModel(
    "an output that the body lacks", P.model(P.graph([call]), functions: [P.function("F", ["a"], ["b"], [])]),
    "onnx/undefined-value", "b", "call (F)"),
  BadModel(
    "a body that reads its caller's values",
    P.model(P.graph([call]), functions: [P.function("F", ["a"], ["b"], [P.node("Relu", ["x"], ["b"])])]),
    "onnx/undefined-value", "x", "call/"),
  BadModel(
    "too many operands",
    P.model(
      P.graph([P.node("F", ["x", "x"], ["y"], domain: "f")]),
      functions: [P.function("F", ["a"], ["b"], [P.node("Relu", ["a"], ["b"])])]), "onnx/function-operands"),
  BadModel(
    "an unknown attribute",
    P.model(
      P.graph([P.node("F", ["x"], ["y"], domain: "f", [P.attribute("k", int: 1)])]),
      functions: [P.function("F", ["a"], ["b"], [P.node("Relu", ["a"], ["b"])])]), "onnx/function-attribute", "k"),
  BadModel(
    "a function of a new opset",
    P.model(P.graph([call]), functions: [P.function("F", ["a"], ["b"], [P.node("Relu", ["a"], ["b"])], opset: 30)]),
    "onnx/opset", "30"),
]

@Suite struct MalformedModelTests {
  @Test(arguments: badGraphs + badTensors + badFunctions)
  func aBadModelIsRefusedAndNamed(bad: BadModel) throws {
    let error = try #require(try importRefusal(bad.bytes))
    #expect(error.id == bad.id, "\(error)")
    #expect(error.category == .invalidInput)
    #expect(error.severity == .error)
    #expect(error.fix != nil)
    #expect(error.location.file != nil)
    let text = "\(error.message) \(error.location.node ?? "") \(error.location.value ?? "") \(error.fix ?? "")"
    for name in bad.names { #expect(text.contains(name), "\(text) does not name \(name)") }
  }

  /// Doubling 64 times, each level calling the one below twice.
  @Test(.timeLimit(.minutes(1))) func functionsThatDoubleMeetTheLimitBeforeTheyGrow() throws {
    let functions = (0..<40).map { level in
      P.function(
        "F\(level)", ["a"], ["c"],
        level == 0
          ? [P.node("Relu", ["a"], ["c"])]
          : [P.node("F\(level - 1)", ["a"], ["b"], domain: "f"), P.node("F\(level - 1)", ["b"], ["c"], domain: "f")])
    }
    let error = try importRefusal(P.model(P.graph([P.node("F39", ["x"], ["y"], domain: "f")]), functions: functions))
    #expect(error?.id == "limit/expanded-nodes")
    let wide = P.graph(
      (0..<600).map { P.node("F10", [$0 == 0 ? "x" : "v\($0)"], [$0 == 599 ? "y" : "v\($0 + 1)"], domain: "f") })
    var limits = ResourceLimits()
    limits.expandedNodes = 1_000_000
    #expect(try importRefusal(P.model(wide, functions: functions), limits: limits)?.id == "limit/expanded-nodes")
  }

  /// Few nodes, but each carries much: what is copied by every call counts by its bytes.
  @Test(.timeLimit(.minutes(1))) func largeFunctionsMeetTheLimitBeforeTheyGrow() throws {
    let many = P.attribute("a", ints: Array(repeating: 1 << 40, count: 20_000))
    let blob = P.function("Blob", ["a"], ["b"], [P.node("Op", ["a"], ["b"], domain: "z", [many])])
    let calls = (0..<3000).map { P.node("Blob", ["x"], ["y\($0)"], domain: "f") }
    let graph = P.graph(calls, outputs: [P.value("y0")])
    #expect(try importRefusal(P.model(graph, functions: [blob]))?.id == "limit/expanded-nodes")
    let small = P.function(
      "Small", ["a"], ["b"],
      (0..<8000).map { P.node("Op", ["a"], ["b\($0)"], domain: "z") } + [P.node("Relu", ["a"], ["b"])])
    let name = String(repeating: "n", count: 60_000)
    let called = P.graph([P.node("Small", ["x"], ["y"], name: name, domain: "f")])
    #expect(try importRefusal(P.model(called, functions: [small]))?.id == "limit/expanded-nodes")
  }

  @Test(.timeLimit(.minutes(1))) func longNamesMeetTheLimit() throws {
    let long = String(repeating: "n", count: 1 << 16)
    let fits = P.graph([P.node("Relu", ["x"], ["y"], name: long)], inputs: [P.value("x", [long])])
    #expect(try importRefusal(P.model(fits)) == nil)
    let longer = String(repeating: "n", count: 10_000_000)
    for graph in [
      P.graph([P.node("Relu", ["x"], ["y"], name: longer)]), P.graph([P.node(longer, ["x"], ["y"])]),
      P.graph([P.node("Relu", [longer], ["y"])], inputs: [P.value(longer)]),
      P.graph([P.node("Relu", ["x"], ["y"])], inputs: [P.value("x", [longer])]),
    ] { #expect(try importRefusal(P.model(graph))?.id == "limit/name-bytes") }
    var limits = ResourceLimits()
    limits.nameBytes = 4
    let short = P.graph([P.node("Relu", ["x"], ["y"], name: "five5")])
    let error = try #require(try importRefusal(P.model(short), limits: limits))
    #expect(error.id == "limit/name-bytes" && error.message.hasPrefix("graph.node[0].name: a name of 5 bytes"))
  }

  /// Every graph around captures what the innermost one reads.
  @Test(.timeLimit(.minutes(1))) func capturesThroughManyGraphsMeetTheLimit() throws {
    let (count, depth) = (1000, 30)
    let names = (0..<count).map { "v\($0)" }
    var inner = P.graph([P.node("Sum", names, ["s0"])], inputs: [], outputs: [P.value("s0")])
    let other = P.graph([P.node("Relu", ["x"], ["e"])], inputs: [], outputs: [P.value("e")])
    var outer = P()
    for level in 1...depth {
      outer = P.node(
        "If", ["c"], ["s\(level)"], [P.attribute("then_branch", graph: inner), P.attribute("else_branch", graph: other)])
      inner = P.graph([outer], inputs: [], outputs: [P.value("s\(level)")])
    }
    let graph = P.graph(
      names.map { P.node("Relu", ["x"], [$0]) } + [outer], inputs: [P.value("x"), P.value("c", [], type: 9)],
      outputs: [P.value("s\(depth)")])
    #expect(try importRefusal(P.model(graph)) == nil)
    var limits = ResourceLimits()
    limits.expandedNodes = count * depth
    #expect(try importRefusal(P.model(graph), limits: limits)?.id == "limit/expanded-nodes")
  }

  @Test func functionsThatCallDeepMeetTheLimit() throws {
    let functions = (0..<2000).map { level in
      P.function(
        "F\(level)", ["a"], ["b"],
        [level == 0 ? P.node("Relu", ["a"], ["b"]) : P.node("F\(level - 1)", ["a"], ["b"], domain: "f")])
    }
    let bytes = P.model(P.graph([P.node("F1999", ["x"], ["y"], domain: "f")]), functions: functions)
    #expect(try importRefusal(bytes)?.id == "limit/nesting-depth")
    var limits = ResourceLimits()
    limits.nestingDepth = .max
    #expect(try importRefusal(bytes, limits: limits)?.id == "limit/nesting-depth")
    let modest = P.model(P.graph([P.node("F50", ["x"], ["y"], domain: "f")]), functions: Array(functions.prefix(51)))
    #expect(try imported(modest).model.graph.totalNodeCount == 1)
  }

  @Test func largeBodiesCountAsManyNodes() throws {
    let list = P.attribute("l", ints: [UInt64](repeating: 1, count: 100_000))
    let function = P.function("F", ["a"], ["b"], [P.node("Op", ["a"], ["b"], [list])])
    let calls = (0..<2000).map {
      P.node("F", [$0 == 0 ? "x" : "v\($0)"], [$0 == 1999 ? "y" : "v\($0 + 1)"], domain: "f")
    }
    #expect(try importRefusal(P.model(P.graph(calls), functions: [function]))?.id == "limit/expanded-nodes")
  }

  @Test func ranksThatGrowWithoutEndAreRefused() throws {
    let chain = (0..<500).map { P.node("Unsqueeze", ["v\($0)"], ["v\($0 + 1)"], [P.attribute("axes", ints: [0])]) }
    let bytes = P.model(P.graph(chain, inputs: [P.value("v0", [1])], outputs: [P.value("v500")]), opset: 11)
    #expect(try importRefusal(bytes)?.id == "onnx/rank")
  }

  @Test(arguments: [(60, 64), (120, .max)])
  func graphsNestAsDeepAsTheLimitSays(depth: Int, limit: Int) throws {
    var inner = P.graph([P.node("Relu", ["x"], ["z"])], inputs: [], outputs: [P.value("z")])
    for _ in 1..<depth {
      inner = P.graph(
        [P.node("Op", [], ["z"], domain: "f", [P.attribute("g", graph: inner)])], inputs: [], outputs: [P.value("z")])
    }
    let bytes = P.model(P.graph([P.node("Op", ["x"], ["y"], domain: "f", [P.attribute("g", graph: inner)])]))
    var limits = ResourceLimits()
    limits.nestingDepth = limit
    let graph = try imported(bytes, limits: limits).model.graph
    #expect(graph.totalNodeCount == depth + 1)
    #expect(graph[graph.order[0]].captures.count == 1)
    limits.nestingDepth = depth - 1
    #expect(try importRefusal(bytes, limits: limits)?.id == "limit/nesting-depth")
  }

  @Test(.timeLimit(.minutes(1))) func dimensionsThatDoubleStaySmall() throws {
    var nodes = [P.node("Shape", ["x"], ["s0"])]
    for index in 0..<60 {
      nodes.append(P.node("Add", ["s\(index)", "one"], ["t\(index)"]))
      nodes.append(P.node("Div", ["s\(index)", "t\(index)"], ["s\(index + 1)"]))
    }
    nodes.append(P.node("ConstantOfShape", ["s60"], ["y"]))
    let one = P.tensor("one", 7, [1]).block(7, [1])
    let bytes = P.model(P.graph(nodes, inputs: [P.value("x", ["n"])], initializers: [one]))
    #expect(try imported(bytes).model.graph.order.count == 122)
  }

  @Test(arguments: ["mlp.onnx", "typed.onnx", "everything.onnx", "functions.onnx", "subgraphs.onnx"])
  func damageNeverCrashes(name: String) throws {
    let bytes = try dataFile(name)
    var random = SeededGenerator(seed: 0x1a7e)
    var refused = 0
    for _ in 0..<1500 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        damaged[Int.random(in: damaged.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      if Bool.random(using: &random) { damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random)) }
      if try importRefusal(damaged) != nil { refused += 1 }
    }
    #expect(refused > 0)
  }
}
