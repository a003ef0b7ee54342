import LatheDiagnostics
import LatheIR
import LatheOperators

/// Convolutions over runs of words, and the largest value of each filter (Kim 2014).
struct TextCNN: TextClassifier {
  let width: Int
  let filters: Int
  /// Words in a run, for each convolution.
  let runs: [Int]

  init(_ config: ModelConfiguration) throws(Diagnostic) {
    width = try config.integer("emb_dim")
    filters = try config.integer("num_filter", default: 128)
    runs = try config.integers("ngram_filter_sizes", default: [1, 2, 3])
  }

  func encode(_ words: ValueID, in assembly: inout GraphAssembly) throws(Diagnostic) -> (ValueID, extent: Int) {
    let image = try assembly.add(Unsqueeze(), [words, try assembly.integers("channel_axis", [1])], "image")
    let spatial = try assembly.integers("spatial_axes", [2, 3])
    var peaks: [ValueID] = []
    for (index, run) in runs.enumerated() {
      let name = "encoder.convs.\(index)"
      let kernel = try assembly.weight(name + ".weight", [filters, 1, run, width])
      let window = SlidingWindow(kernelShape: [run, width])
      let found = try assembly.add(
        Conv(window: window), [image, kernel, try assembly.weight(name + ".bias", [filters])], name)
      let active = try assembly.activation(found, .tanh, name + ".activation")
      peaks.append(try assembly.add(ReduceMax(keepsAxes: false), [active, spatial], name + ".peak"))
    }
    return (try assembly.add(Concat(axis: 1), peaks, "peaks"), filters * runs.count)
  }
}
