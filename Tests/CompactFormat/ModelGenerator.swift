import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import OrderedCollections
import Testing

/// Random models that use everything the graph can hold.
struct ModelGenerator {
  var random: SeededGenerator
  private var counter = 0

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func model() throws -> Model {
    var model = Model(graph: try graph(depth: 0, outer: []).graph)
    model.metadata.producerName = text()
    model.metadata.producerVersion = text()
    model.metadata.domain = text()
    model.metadata.modelVersion = random.chance(2) ? Int.min : random.below(100)
    model.metadata.irVersion = random.chance(2) ? nil : random.below(14)
    model.metadata.operatorSets = ["": 27, "com.example\(random.below(5))": random.below(9)]
    model.metadata.annotations = annotations()
    if random.chance(2) {
      model.text = TextAssets(
        vocabulary: random.bytes(random.below(200)), tokenizerOptions: ["lowercase": "false", text(): text()],
        labels: (0..<random.below(4)).map { _ in text() })
    }
    if random.chance(2) { model.record = random.chance(4) ? "" : "{\"ledger\": [\"\(text())\"]}" }
    return model
  }

  mutating func text() -> String {
    let pieces = ["a", "weight", ".", "/", "\u{0}", "é", "e\u{301}", "漢字", "🙂", "\"", "0", " ", "\n"]
    return (0..<random.below(5)).map { _ in pieces[random.below(pieces.count)] }.joined()
  }

  mutating func name(_ base: String) -> String {
    counter += 1
    return "\(base)\(counter)\(text())"
  }

  mutating func annotations() -> Annotations {
    guard random.chance(3) else { return Annotations() }
    return Annotations(documentation: text(), metadata: random.chance(2) ? [:] : ["key": text(), "other": text()])
  }

  // MARK: graphs

  /// A graph, and the values of the outer graph that it captures.
  mutating func graph(depth: Int, outer: [ValueID]) throws -> (graph: Graph, captured: [ValueID]) {
    var graph = Graph(name: text())
    graph.annotations = annotations()
    var pool: [ValueID] = []
    for _ in 0..<random.below(3) {
      let fallback = random.chance(4) ? try tensor(.float32, [2]) : nil
      let type = fallback.map { ValueType.tensor(TensorType(of: $0)) } ?? optionalType()
      pool.append(try graph.addInput(name("in"), type: type, defaultValue: fallback))
    }
    let captured = outer.filter { _ in random.chance(2) }
    for _ in captured { pool.append(try graph.addCapture(name("capture"), type: optionalType())) }
    for _ in 0..<random.below(4) {
      let dtype = DType.allCases[random.below(DType.allCases.count)]
      pool.append(try graph.addConstant(name("constant"), try tensor(dtype, shape())))
    }
    for _ in 0..<random.below(6) { try addNode(&graph, &pool, depth: depth) }
    for id in pool { graph[id].annotations = annotations() }
    if !pool.isEmpty { graph.setOutputs((0..<random.below(4)).map { _ in pool[random.below(pool.count)] }) }
    return (graph, captured)
  }

  private mutating func addNode(_ graph: inout Graph, _ pool: inout [ValueID], depth: Int) throws {
    if random.chance(4) { return try addKnownNode(&graph, &pool) }
    var attributes = Attributes()
    var captures: [ValueID] = []
    for _ in 0..<random.below(5) {
      attributes[name("attribute")] = try attribute(depth: depth, pool: pool, captures: &captures)
    }
    let inputs: [ValueID?] = (0..<random.below(4)).map { _ in
      pool.isEmpty || random.chance(4) ? nil : pool[random.below(pool.count)]
    }
    let op = OpaqueOperator(
      name: OperatorName(domain: text(), name("Op")), overload: text(), version: random.below(30),
      attributes: attributes)
    let names: [String?] = (0..<random.below(4)).map { _ in random.chance(4) ? nil : name("value") }
    let id = try graph.addNode(
      op, inputs: inputs, captures: captures, outputs: names, name: text(),
      provenance: random.chance(2) ? .source(text()) : .pass(text(), from: (0..<random.below(3)).map { _ in text() }))
    graph[id].annotations = annotations()
    for output in graph[id].outputs.compactMap({ $0 }) {
      graph.setType(optionalType(), of: output)
      pool.append(output)
    }
  }

  private mutating func addKnownNode(_ graph: inout Graph, _ pool: inout [ValueID]) throws {
    let type = ValueType.tensor(TensorType(.float32, ["batch", 4]))
    let source = try graph.addNode(
      OpaqueOperator(name: OperatorName("Source"), version: 1, attributes: Attributes()), inputs: [],
      outputs: [name("source")], provenance: .source(""))
    let input = try #require(graph[source].outputs[0])
    graph.setType(type, of: input)
    let sum = try graph.addNode(Add(), inputs: [input, input], outputs: [name("sum")], provenance: .source("add"))
    let middle = try #require(graph[sum].outputs[0])
    graph.setType(type, of: middle)
    let softmax = try graph.addNode(
      Softmax(axis: random.below(2)), inputs: [middle], outputs: [name("softmax")],
      provenance: .pass("test", from: ["add"]))
    pool.append(try #require(graph[softmax].outputs[0]))
  }

  // MARK: attributes, types and tensors

  mutating func attribute(depth: Int, pool: [ValueID], captures: inout [ValueID]) throws -> Attribute {
    let kinds = depth < 3 ? 18 : 16
    switch random.below(kinds) {
    case 0: return .integer(random.chance(2) ? Int64.min : Int64(random.below(1000)))
    case 1: return .float(Float(random.below(1000)) / 7)
    case 2: return .string(text())
    case 3: return .bytes(random.bytes(random.below(9)))
    case 4: return .tensor(try tensor(DType.allCases[random.below(DType.allCases.count)], shape()))
    case 5: return .sparseTensor(try sparse())
    case 6: return .type(type(depth: 0))
    case 7: return .integers((0..<random.below(5)).map { Int64($0) - 2 })
    case 8: return .floats((0..<random.below(5)).map { Float($0) / 3 })
    case 9: return .strings((0..<random.below(4)).map { _ in text() })
    case 10: return .byteStrings((0..<random.below(4)).map { _ in random.bytes(random.below(6)) })
    case 11: return .tensors(try (0..<random.below(3)).map { _ in try tensor(.int8, shape()) })
    case 12: return .sparseTensors(try (0..<random.below(3)).map { _ in try sparse() })
    case 13: return .types((0..<random.below(3)).map { _ in type(depth: 0) })
    case 14: return .integers([])
    case 15: return .tensor(try Tensor(strings: [text(), text()], shape: [1, 2]))
    case 16:
      let (graph, captured) = try graph(depth: depth + 1, outer: pool)
      captures += captured
      return .graph(graph)
    default:
      var graphs: [Graph] = []
      for _ in 0..<random.below(3) {
        let (graph, captured) = try graph(depth: depth + 1, outer: pool)
        captures += captured
        graphs.append(graph)
      }
      return .graphs(graphs)
    }
  }

  mutating func sparse() throws -> SparseTensor {
    SparseTensor(values: try tensor(.float32, [3]), indices: try Tensor([Int64(1), 4, 7], shape: [3]), shape: [2, 5])
  }

  mutating func optionalType() -> ValueType? { random.chance(3) ? nil : type(depth: 0) }

  mutating func type(depth: Int) -> ValueType {
    switch random.below(depth < 4 ? 9 : 4) {
    case 0: .sparseTensor(TensorType(.float64, symbolicShape()))
    case 1: .opaque(domain: text(), name: text())
    case 2: .tensor(TensorType(.string, nil))
    case 3, 7, 8: .tensor(TensorType(DType.allCases[random.below(DType.allCases.count)], symbolicShape()))
    case 4: .sequence(type(depth: depth + 1))
    case 5: .optional(type(depth: depth + 1))
    default: .map(key: .int64, value: type(depth: depth + 1))
    }
  }

  mutating func symbolicShape() -> Shape { (0..<random.below(4)).map { _ in dimension(depth: 0) } }

  mutating func dimension(depth: Int) -> Dimension {
    switch random.below(depth < 4 ? 9 : 4) {
    case 0: .known(random.below(1000))
    case 1: depth == 0 ? .unknown : .known(-3)
    case 2, 3: .symbol(["batch", "seq", "a*b", "é", "past + seq"][random.below(5)])
    case 4: dimension(depth: depth + 1) + dimension(depth: depth + 1)
    case 5: dimension(depth: depth + 1) - dimension(depth: depth + 1)
    case 6: dimension(depth: depth + 1) * dimension(depth: depth + 1)
    case 7: dimension(depth: depth + 1).floorDivided(by: dimension(depth: depth + 1))
    default: .maximum(dimension(depth: depth + 1), dimension(depth: depth + 1))
    }
  }

  mutating func shape() -> [Int] { (0..<random.below(4)).map { _ in random.below(6) } }

  mutating func tensor(_ dtype: DType, _ shape: [Int]) throws -> Tensor {
    let count = shape.reduce(1, *)
    if dtype == .string { return try Tensor(strings: (0..<count).map { _ in text() }, shape: shape) }
    let size = try #require(dtype.byteCount(of: count))
    var contents = random.bytes(size)
    if dtype == .bool { contents = contents.map { $0 & 1 } }
    return try Tensor(dtype: dtype, shape: shape) { target in target.copyBytes(from: contents) }
  }
}
