import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Makes look-ups read codes in the place of floats.
struct CodedLookUps {
  private struct Constants {
    let bits, width: Int
    let codes, codebook: ValueID
    let scales: ValueID?
  }

  private let context: PassContext
  private var tables: [ValueID: Constants] = [:]
  private var nodes: Set<NodeID> = []

  init(_ context: PassContext) { self.context = context }

  /// Adds the constants of a table that is to be read as codes.
  mutating func add(_ coded: CodedFloats, of table: EmbeddingTable, _ graph: inout Graph) throws(Diagnostic) {
    let name = graph[table.value].name
    tables[table.value] = Constants(
      bits: coded.bits, width: coded.width, codes: try graph.addConstant(graph.uniqueName("\(name).codes"), coded.codes),
      codebook: try graph.addConstant(graph.uniqueName("\(name).codebook"), coded.codebook),
      scales: try coded.scales.map { (scales) throws(Diagnostic) in try graph.addConstant(graph.uniqueName("\(name).scales"), scales) })
    for lookUp in table.lookUps { nodes.insert(lookUp.node) }
  }

  /// Rewrites every look-up of the tables, and removes what nobody reads any more.
  func run(on graph: inout Graph) throws(Diagnostic) {
    for id in graph.order where nodes.contains(id) { try rewrite(id, &graph) }
    for table in tables.keys.sorted(by: { $0.index < $1.index }) { graph.removeValue(table) }
  }

  private func rewrite(_ id: NodeID, _ graph: inout Graph) throws(Diagnostic) {
    let inputs = graph[id].inputs
    switch graph[id].op {
    case is Gather:
      guard let table = inputs[0].flatMap({ tables[$0] }) else { return }
      let op = CodedGather(bits: table.bits, width: table.width)
      try exchange(id, for: op, [table.codes, inputs[1], table.codebook, table.scales], &graph)
    case let op as EmbeddingNormalization:
      let (op, operands) = coded(op, inputs)
      try exchange(id, for: op, operands, &graph)
    case let op as QuantizedEmbedding:
      let (embedding, operands) = coded(op.embedding, Array(inputs.dropFirst()))
      try exchange(id, for: QuantizedEmbedding(embedding), [inputs[0]] + operands, &graph)
    default: return
    }
  }

  /// The operator and its operands with codes in the place of the tables that there are codes of.
  private func coded(_ old: EmbeddingNormalization, _ inputs: [ValueID?]) -> (EmbeddingNormalization, [ValueID?]) {
    func input(_ position: Int) -> ValueID? { position < inputs.count ? inputs[position] : nil }
    var op = old
    var operands = (0..<2 + 2 * old.sources.count).map(input)
    var codebooks: [ValueID?] = []
    for index in old.sources.indices {
      let place = 2 + 2 * index
      if let table = input(place).flatMap({ tables[$0] }) {
        op.bits[index] = table.bits
        operands[place] = table.codes
        codebooks += [table.codebook, table.scales]
      } else if let codebook = old.codebook(of: index) {
        codebooks += [input(codebook), input(codebook + 1)]
      }
    }
    return (op, operands + codebooks)
  }

  /// Puts a node with the same outputs in the place of another.
  private func exchange(_ id: NodeID, for op: any Operator, _ inputs: [ValueID?], _ graph: inout Graph) throws(Diagnostic) {
    let old = graph[id]
    let names = old.outputs.map { output in output.map { graph[$0].name } }
    let made = try graph.addNode(
      op, inputs: inputs, outputs: names.map { name in name.map { graph.uniqueName("\($0).coded") } }, name: old.name,
      provenance: .pass(context.pass.rawValue, from: [graph.describe(id)]), before: id)
    try graph.inferTypes(of: made)
    for case let (output?, new?) in zip(old.outputs, graph[made].outputs) { graph.replaceAllUses(of: output, with: new) }
    graph.removeNode(id)
    for case let (name?, new?) in zip(names, graph[made].outputs) { try graph.rename(new, to: name) }
  }
}
