import LatheDiagnostics
import LatheIR
import LatheSamples
import LatheTensors

/// What a model gave for each sample, whatever batches they ran in.
struct SampleOutputs {
  /// By sample, then by output; an output that has no row for each sample is missing.
  let rows: [[String: Tensor]?]

  init(rows: [[String: Tensor]?]) { self.rows = rows }

  /// - Parameter outputs: of each feed of the set.
  init(_ set: SampleSet, _ outputs: [[String: Tensor]], of graph: Graph) throws(Diagnostic) {
    let ids = Dictionary(graph.outputs.map { (graph[$0].name, $0) }) { first, _ in first }
    var rows = [[String: Tensor]?](repeating: nil, count: (set.feeds.flatMap(\.samples).max() ?? -1) + 1)
    for (feed, tensors) in zip(set.feeds, outputs) {
      for (place, sample) in feed.samples.enumerated() {
        var own: [String: Tensor] = [:]
        for (name, tensor) in tensors { own[name] = try feed.row(place, of: tensor, ids[name], in: graph) }
        rows[sample] = own
      }
    }
    self.rows = rows
  }
}

extension SampleSet {
  /// The samples there are: of a single feed, the rows that all its inputs and outputs have, where they have as many.
  func sampleCount(with outputs: [Tensor]) -> Int {
    guard isSingleFeed, let feed = feeds.first, feed.compounds.isEmpty else { return count }
    let extents = feed.inputs.values.map(\.shape.first) + outputs.map(\.shape.first)
    guard let rows = extents.first ?? nil, rows > 0, extents.allSatisfy({ $0 == rows }) else { return count }
    return rows
  }
}

extension Feed {
  /// A sample's part of an output, without padding; nil where there is no such part.
  func row(_ place: Int, of output: Tensor, _ id: ValueID?, in graph: Graph) throws(Diagnostic) -> Tensor? {
    guard rows != nil else { return output }
    guard output.rank > 0, output.shape[0] >= samples.count else { return nil }
    let row = try output.keeping([place], along: 0)
    let own = Feed(inputs: [:], rows: [place], lengths: lengths.map { [$0[place]] }, paddedLength: paddedLength)
    let tokens = try own.withoutPadding(row, of: id, in: graph)
    return own.rowLengths(of: row, id, in: graph) == nil ? tokens : try tokens.reshaped(to: [1, tokens.elementCount])
  }
}
