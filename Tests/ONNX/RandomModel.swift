import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import OrderedCollections

/// Makes models that use everything the graph can say; the same seed makes the same model.
struct RandomModel {
  private var random: SeededGenerator
  private var count = 0

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func model() throws -> Model {
    var model = Model(graph: try graph(depth: 0, outer: []))
    model.metadata.operatorSets = ["": Int.random(in: 13...21, using: &random), "test.random": 3]
    model.metadata.domain = "org.example"
    model.metadata.modelVersion = 7
    model.metadata.annotations = annotations()
    return model
  }

  /// A graph.
  ///
  /// It captures the outer values it uses, in the order of their first use, as an importer finds them.
  private mutating func graph(depth: Int, outer: [(name: String, type: ValueType?)]) throws -> Graph {
    var graph = Graph(name: fresh("graph"))
    graph.annotations = annotations()
    for _ in 0..<Int.random(in: 1...4, using: &random) { try addInput(&graph) }
    for _ in 0..<Int.random(in: 0...5, using: &random) {
      _ = try graph.addConstant(fresh("constant"), try tensor(pickType(), shape: knownShape()))
    }
    for _ in 0..<Int.random(in: 1...8, using: &random) { try addNode(&graph, outer, depth) }
    try addArithmetic(&graph)
    let produced = graph.order.flatMap { graph[$0].outputs.compactMap { $0 } }.filter { graph[$0].type != nil }
    graph.setOutputs(produced.isEmpty ? [graph.inputs[0]] : Array(produced.suffix(3)))
    return graph
  }

  /// A value of the graph or, as a capture, of one around it.
  private mutating func operand(_ graph: inout Graph, _ outer: [(name: String, type: ValueType?)]) throws -> ValueID? {
    let own = graph.valueIDsInOrder.map { (name: graph[$0].name, type: graph[$0].type) }
    guard let picked = (own + outer).randomElement(using: &random) else { return nil }
    return try local(picked, &graph)
  }

  private func local(_ value: (name: String, type: ValueType?), _ graph: inout Graph) throws -> ValueID {
    if let own = graph.value(named: value.name) { return own }
    return try graph.addCapture(value.name, type: value.type)
  }

  private mutating func addInput(_ graph: inout Graph) throws {
    guard Int.random(in: 0..<3, using: &random) == 0 else {
      _ = try graph.addInput(fresh("input"), type: valueType())
      return
    }
    let value = try tensor(pickType(), shape: knownShape())
    let id = try graph.addInput(fresh("default"), type: .tensor(TensorType(of: value)), defaultValue: value)
    graph[id].annotations = annotations()
  }

  /// Operators that are known, so that some types can be found again and some not.
  private mutating func addArithmetic(_ graph: inout Graph) throws {
    let a = try graph.addInput(fresh("a"), type: .tensor(TensorType(.float32, ["batch", 4])))
    let b = try graph.addConstant(fresh("b"), try tensor(.float32, shape: [4]))
    let sum = try graph.addNode(Add(), inputs: [a, b], outputs: [fresh("sum")], provenance: .source("random"))
    let soft = try graph.addNode(
      Softmax(axis: -1), inputs: [graph[sum].outputs[0]], outputs: [fresh("soft")], provenance: .source("random"))
    try graph.inferTypes(of: sum)
    try graph.inferTypes(of: soft)
  }

  private mutating func addNode(
    _ graph: inout Graph, _ outer: [(name: String, type: ValueType?)], _ depth: Int
  ) throws {
    var inputs: [ValueID?] = []
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      inputs.append(Bool.random(using: &random) ? try operand(&graph, outer) : nil)
    }
    var attributes = Attributes()
    var captures: [ValueID] = []
    for _ in 0..<Int.random(in: 0...4, using: &random) { attributes[fresh("attribute")] = try attribute() }
    if depth < 2, Int.random(in: 0..<3, using: &random) == 0 {
      let around = outer + graph.valueIDsInOrder.map { (name: graph[$0].name, type: graph[$0].type) }
      var graphs: [Graph] = []
      for _ in 0..<Int.random(in: 1...2, using: &random) {
        let inner = try self.graph(depth: depth + 1, outer: around)
        graphs.append(inner)
        for id in inner.captures { captures.append(try local((inner[id].name, inner[id].type), &graph)) }
      }
      attributes[fresh("body")] = graphs.count == 1 ? .graph(graphs[0]) : .graphs(graphs)
    }
    let op = OpaqueOperator(
      name: OperatorName(domain: "test.random", fresh("Op")), overload: Bool.random(using: &random) ? "variant" : "",
      version: 3,
      attributes: attributes)
    let outputs = (0..<Int.random(in: 1...3, using: &random)).map { $0 == 1 ? nil : fresh("out") }
    let id = try graph.addNode(
      op, inputs: inputs, captures: captures, outputs: outputs, name: Bool.random(using: &random) ? fresh("node") : "",
      provenance: .source("random"))
    graph[id].annotations = annotations()
    let produced = graph[id].outputs.compactMap { $0 }
    for output in produced where Bool.random(using: &random) {
      graph.setType(valueType(), of: output)
      graph[output].annotations = annotations()
    }
  }

  private mutating func attribute() throws -> Attribute {
    switch Int.random(in: 0..<14, using: &random) {
    case 0: return .integer(Int64.random(in: .min ... .max, using: &random))
    case 1: return .float(Float(bitPattern: UInt32.random(in: 0...0x7f00_0000, using: &random)))
    case 2: return .string(fresh("text"))
    case 3: return .bytes([0xff, 0, 0xfe])
    case 4: return .tensor(try tensor(pickType(), shape: knownShape()))
    case 5: return .sparseTensor(try sparse())
    case 6: return .type(valueType())
    case 7: return .integers([1, -1, .max, .min])
    case 8: return .floats([0, -0.5, .infinity])
    case 9: return .strings(["", fresh("item")])
    case 10: return .byteStrings([[0xff], []])
    case 11: return .tensors([try tensor(pickType(), shape: knownShape()), try tensor(.string, shape: [2])])
    case 12: return .types([valueType(), valueType()])
    default: return .sparseTensors([try sparse(), try sparse()])
    }
  }

  private mutating func sparse() throws -> SparseTensor {
    SparseTensor(
      values: try tensor(.float32, shape: [2]), indices: try Tensor([Int64(1), 5], shape: [2]), shape: [2, 4])
  }

  private mutating func tensor(_ dtype: DType, shape: [Int]) throws -> Tensor {
    let count = shape.reduce(1, *)
    guard dtype != .string else { return try Tensor(strings: (0..<count).map { _ in fresh("é\u{0}") }, shape: shape) }
    if dtype.isPacked {
      let codes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      let bytes = PackedElements.pack(codes, bitWidth: dtype.bitWidth)
      return try Tensor(dtype: dtype, shape: shape) { $0.copyBytes(from: bytes) }
    }
    let bytes = (0..<(dtype.byteCount(of: count) ?? 0)).map { _ in
      UInt8.random(in: 0...(dtype == .bool ? 1 : 255), using: &random)
    }
    return try Tensor(dtype: dtype, shape: shape) { $0.copyBytes(from: bytes) }
  }

  private mutating func pickType() -> DType { DType.allCases.randomElement(using: &random) ?? .float32 }

  private mutating func knownShape() -> [Int] {
    (0..<Int.random(in: 0...3, using: &random)).map { _ in Int.random(in: 0...4, using: &random) }
  }

  private mutating func valueType(depth: Int = 0) -> ValueType {
    switch Int.random(in: 0..<(depth > 2 ? 4 : 9), using: &random) {
    case 4: return .sequence(valueType(depth: depth + 1))
    case 5: return .optional(valueType(depth: depth + 1))
    case 6: return .map(key: .int64, value: valueType(depth: depth + 1))
    case 7: return .sparseTensor(TensorType(pickType(), shape()))
    case 8: return .opaque(domain: "test.random", name: fresh("Type"))
    default: return .tensor(TensorType(pickType(), Bool.random(using: &random) ? shape() : nil))
    }
  }

  private mutating func shape() -> Shape {
    let dimensions: [Dimension] = [
      1, 7, "batch", "seq", "seq len", .unknown, .known(2) * "seq" + .known(1),
      ("seq" as Dimension).floorDivided(by: 2),
      .maximum("seq", "batch"), ("batch" as Dimension) * "seq",
    ]
    return (0..<Int.random(in: 0...4, using: &random)).map { _ in dimensions.randomElement(using: &random) ?? .unknown }
  }

  private mutating func annotations() -> Annotations {
    guard Int.random(in: 0..<4, using: &random) == 0 else { return Annotations() }
    return Annotations(documentation: fresh("words"), metadata: [fresh("key"): "value", fresh("key"): ""])
  }

  private mutating func fresh(_ base: String) -> String {
    count += 1
    return "\(base)\(["", "/", ":", " ü", "."][count % 5])\(count)"
  }
}
