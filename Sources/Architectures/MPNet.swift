internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// MPNet (Song et al. 2020): BERT without segments, with a learned bias by the distance of two tokens.
struct MPNet: EncoderArchitecture {
  static let prefixes = ["mpnet."]

  let style: NamingStyle
  let sizes: EncoderSizes
  private(set) var embeddings: TokenEmbeddings
  /// Rows of the table of distances.
  let rows: Int
  /// Those that distances are shared out among: the library has this number whatever the table's size.
  private let buckets = 32

  init(_ config: ModelConfiguration, _ style: NamingStyle) throws(Diagnostic) {
    self.style = style
    let epsilon = try config.number("layer_norm_eps", default: style == .paddle ? 1e-5 : 1e-12)
    sizes = try EncoderSizes(config, epsilon: epsilon)
    embeddings = try TokenEmbeddings(config, width: sizes.hidden, epsilon: epsilon, segments: 0)
    rows = try config.integer("relative_attention_num_buckets", in: buckets...1 << 12, default: buckets)
    if style == .paddle {
      embeddings.padding = try config.integer("pad_token_id", in: 0...embeddings.vocabulary - 1, default: 1)
      embeddings.silencesPadding = true
      embeddings.silencesPaddingPosition = true
    } else {
      // The class's own choice, whatever the configuration says.
      embeddings.padding = 1
    }
    embeddings.positions = .counted(padding: embeddings.padding)
  }

  var hidden: Int { sizes.hidden }
  var vocabulary: Int { embeddings.vocabulary }
  var epsilon: Double { sizes.epsilon }
  var languageActivation: ActivationName { .gelu }

  func layerNames(_ layer: Int) -> LayerNames { style == .paddle ? .paddleMPNet(layer) : .mpnet(layer) }

  func encode(in assembly: inout GraphAssembly) throws(Diagnostic) -> ValueID {
    var (x, mask, ids) = try embeddings.embed(in: &assembly, style: style)
    let bias = try distanceBias(ids, in: &assembly)
    for layer in 0..<sizes.layers {
      x = try assembly.encoderLayer(x, layerNames(layer), sizes, mask: mask, bias: bias)
    }
    return x
  }

  /// What each head adds to a score by how far the key is from the query: [1, heads, sequence, sequence].
  private func distanceBias(_ ids: ValueID, in assembly: inout GraphAssembly) throws(Diagnostic) -> ValueID {
    let name = "encoder.relative_attention_bias"
    let farthest = embeddings.places - 1
    guard farthest < 1 << 16 else {
      throw .invalid(
        "architecture/config", "\(embeddings.places) positions are more than a bias by distance is made for")
    }
    let table = try assembly.weight(name + ".weight", [rows, sizes.heads])
    let byDistance = try assembly.integers(name + ".buckets", (-farthest...farthest).map(bucket))
    let shared = try assembly.add(Gather(axis: 0), [table, byDistance], name + ".by_distance")
    let all = try assembly.integers(name + ".places", Array(0...farthest))
    let (start, axis) = (try assembly.integers("start", [0]), try assembly.integers("axis", [0]))
    let places = try assembly.add(Slice(), [all, start, try assembly.sequenceLength(of: ids), axis], name + ".here")
    let keys = try assembly.add(Unsqueeze(), [places, axis], name + ".keys")
    let queries = try assembly.add(Unsqueeze(), [places, try assembly.integers("column", [1])], name + ".queries")
    let distances = try assembly.add(Sub(), [keys, queries], name + ".distances")
    let shift = try assembly.integers(name + ".shift", [farthest])
    let indices = try assembly.add(Add(), [distances, shift], name + ".indices")
    let biases = try assembly.add(Gather(axis: 0), [shared, indices], name + ".rows")
    let heads = try assembly.add(Transpose(permutation: [2, 0, 1]), [biases], name + ".heads")
    return try assembly.add(Unsqueeze(), [heads, axis], name)
  }

  /// Near distances have a bucket each, farther ones share them on a logarithmic scale up to 128; in single precision, as the library.
  private func bucket(_ distance: Int) -> Int {
    let half = buckets / 2
    let exact = half / 2
    let side = distance > 0 ? half : 0
    let far = abs(distance)
    guard far >= exact else { return side + far }
    let scale = Float(log(128 / Double(exact)))
    let step = logf(Float(far) / Float(exact)) / scale * Float(half - exact)
    return side + min(half - 1, exact + Int(step))
  }
}
