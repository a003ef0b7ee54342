import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Cuts the rows of position tables that inputs of at most so many tokens never reach.
///
/// ```
/// @positions: f32[2048, 128]                                        →    @positions.trimmed: f32[64, 128]
/// %y = lathe::EmbeddingNormalization(@g, @b, @words, %ids, @positions)    %y = lathe::EmbeddingNormalization(@g, @b, @words, %ids, @positions.trimmed)
/// ```
/// Longer inputs are refused when the model runs, and texts lose their end as they do at any maximum length.
public struct TrimPositions: Pass {
  public struct Options: PassOptions {
    /// The most tokens that an input will have, special tokens included.
    public var maximumLength = 512

    public init() {}
  }

  public static let id: PassID = "vocabulary/trim-positions"
  public static let summary = "cuts position tables to a maximum length"

  private let options: Options

  public init(options: Options) { self.options = options }

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    guard options.maximumLength >= 1 else {
      throw context.usage("vocabulary/options", "maximum-length is 1 or more")
    }
    var outcome = PassOutcome()
    var analysis = AffineAnalysis(graph)
    var needed: [ValueID: Int] = [:]
    var readers: [(node: NodeID, position: Int)] = []
    for id in graph.order {
      for (position, first) in positionTables(id, graph, &analysis) {
        guard let table = graph.input(position, of: id) else { continue }
        if graph.constant(table)?.dtype.isFloat == false {
          outcome.record("@\(graph[table].name)", .declined("it holds codes: run this before quantize/embeddings"))
          continue
        }
        readers.append((id, position))
        needed[table] = max(needed[table] ?? 0, first + options.maximumLength)
      }
    }
    for table in graph.constants where needed[table] != nil {
      let rows = needed[table] ?? 0
      let name = "@\(graph[table].name)"
      if let reason = refusal(table, rows, readers.count { graph.input($0.position, of: $0.node) == table }, graph) {
        outcome.record(name, .declined(reason))
        continue
      }
      guard let tensor = graph.constant(table) else { continue }
      let trimmed = try graph.addConstant(graph.uniqueName("\(graph[table].name).trimmed"), try tensor.keeping(Array(0..<rows), along: 0))
      for (node, position) in readers where graph.input(position, of: node) == table { graph.setInput(position, of: node, to: trimmed) }
      graph.removeValue(table)
      outcome.record(name, .done)
      outcome.maximumLength = options.maximumLength
    }
    return outcome
  }

  /// The operands of a node that are tables looked up by position, with the row of the first position.
  private func positionTables(_ id: NodeID, _ graph: Graph, _ analysis: inout AffineAnalysis) -> [(position: Int, first: Int)] {
    switch graph[id].op {
    case let embedding as EmbeddingNormalization: return Self.tables(embedding, first: 2)
    case let embedding as QuantizedEmbedding: return Self.tables(embedding.embedding, first: 3)
    case let gather as Gather where gather.axis == 0:
      guard graph.constant(graph.input(0, of: id))?.rank == 2, let ids = graph.input(1, of: id), let indices = analysis.indices(ids),
        let first = indices.offset.known, first >= 0, indices.coefficients.last == 1, indices.shape.last?.known == nil,
        indices.coefficients.dropLast().allSatisfy({ $0 == 0 })
      else { return [] }
      return [(0, first)]
    default: return []
    }
  }

  private static func tables(_ op: EmbeddingNormalization, first: Int) -> [(position: Int, first: Int)] {
    op.sources.indices.filter { op.sources[$0] == .positions }.map { (first + 2 * $0, op.offset) }
  }

  private func refusal(_ table: ValueID, _ rows: Int, _ readers: Int, _ graph: Graph) -> String? {
    guard let own = graph.constant(table)?.shape.first else { return "it is not constant" }
    if own <= rows { return "it has \(own) rows, no more than \(rows)" }
    if graph.isOutput(table) { return "it is an output as well" }
    return graph[table].users.count == readers ? nil : "something else reads it as well"
  }
}
