import LatheDiagnostics
import LatheIR
import LatheTensors

/// What ONNX Runtime's attention operators add to the scores: a filter value where the mask says so, a bias, and causality.
///
/// A mask of one axis holds the number of keys of each sequence, and perhaps the position of its first key behind; one of two or
/// three axes is above 0 for each key that is attended to, for all queries or for each.
struct PaddingMask {
  private let mask: [Int]
  private let maskShape: [Int]
  private let filter: Double
  private let bias: [Double]
  private let biasLayout: StridedLayout?
  private let isCausal: Bool
  private let batch: Int
  private let past: Int

  init(
    mask: Tensor?, filter: Float, bias: Tensor?, isCausal: Bool, batch: Int, heads: Int, queries: Int, keys: Int,
    past: Int
  ) throws(Diagnostic) {
    try Self.check(
      mask.map { TensorType(of: $0) }, batch: .known(batch), queries: .known(queries), keys: .known(keys))
    self.mask = mask?.integers() ?? []
    maskShape = mask?.shape ?? []
    self.filter = Double(filter)
    self.bias = bias?.doubles() ?? []
    biasLayout = bias.flatMap { StridedLayout(broadcasting: $0.shape, to: [batch, heads, queries, keys]) }
    if let bias, biasLayout == nil {
      throw .invalid(
        "operator/attention",
        "an attention bias of \(bias.shape) does not fit scores of \([batch, heads, queries, keys])")
    }
    (self.isCausal, self.batch, self.past) = (isCausal, batch, past)
  }

  /// Checks what is known of a mask's shape.
  ///
  /// - Throws: `operator/attention` if it does not fit.
  static func check(_ mask: TensorType?, batch: Dimension, queries: Dimension, keys: Dimension) throws(Diagnostic) {
    guard let mask, let shape = mask.shape else { return }
    let accepted: [Shape]
    switch shape.count {
    case 1: accepted = [[batch], [batch * 2]]
    case 2: accepted = [[batch, keys]]
    case 3: accepted = [[batch, queries, keys]]
    default: accepted = []
    }
    let fits = accepted.contains { wanted in !zip(shape, wanted).contains { $0.isProvablyDifferent(from: $1) } }
    guard fits else {
      throw .invalid(
        "operator/attention",
        "a mask of \(mask) does not fit \(batch) sequences of \(queries) queries and \(keys) keys",
        fix: "masks that hold lengths, or an entry for each key, are supported")
    }
  }

  /// Adds one query's bias to `row`.
  func add(_ image: Int, _ head: Int, _ query: Int, _ row: UnsafeMutableBufferPointer<Double>) {
    switch maskShape.count {
    case 1:
      let start = maskShape[0] > batch ? mask[image + batch] : 0
      for key in row.indices where key >= mask[image] || key < start { row[key] += filter }
    case 2: for key in row.indices where mask[image * row.count + key] <= 0 { row[key] += filter }
    case 3:
      let first = (image * maskShape[1] + query) * row.count
      for key in row.indices where mask[first + key] <= 0 { row[key] += filter }
    default: break
    }
    if let biasLayout {
      let strides = biasLayout.strides
      let first = image * strides[0] + head * strides[1] + query * strides[2]
      for key in row.indices { row[key] += bias[first + key * strides[3]] }
    }
    guard isCausal else { return }
    for key in row.indices where key > past + query { row[key] = -Double.infinity }
  }
}
