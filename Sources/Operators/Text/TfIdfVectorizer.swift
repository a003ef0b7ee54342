import LatheDiagnostics
import LatheIR
import LatheTensors

/// How often each of a list of n-grams occurs in the input, or in each of its rows, weighted if asked for.
public struct TfIdfVectorizer: Evaluable {
  /// What is told of an n-gram.
  public enum Mode: String, Sendable, Hashable, CaseIterable {
    /// How often it occurs.
    case frequency = "TF"
    /// Its weight, if it occurs.
    case weight = "IDF"
    /// Both multiplied.
    case both = "TFIDF"
  }

  public static let schema = OperatorSchema(
    "TfIdfVectorizer", since: 9,
    inputs: [.init("X", "T", [.string, .int32, .int64])],
    outputs: [.init("Y", "T1", [.float32])],
    attributes: [
      "max_gram_length": .integer, "max_skip_count": .integer, "min_gram_length": .integer, "mode": .string,
      "ngram_counts": .integers, "ngram_indexes": .integers, "pool_int64s": .integers, "pool_strings": .strings,
      "weights": .floats,
    ])

  public var mode: Mode
  /// Shortest and longest n-grams that are counted.
  public var lengths: ClosedRange<Int>
  /// Most items that are left out between two of an n-gram.
  public var maximumSkip: Int
  /// The n-grams, and where each is counted.
  public var pool: GramPool
  /// A weight for each place of the result; nil for 1.
  public var weights: [Float]?

  public init(mode: Mode, lengths: ClosedRange<Int>, maximumSkip: Int, pool: GramPool, weights: [Float]? = nil) {
    self.mode = mode
    self.lengths = lengths
    self.maximumSkip = maximumSkip
    self.pool = pool
    self.weights = weights
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    let text = try Attributes.required("mode", try attributes.string("mode"))
    mode = try attributes.choice("mode", default: .frequency)
    let shortest = try Attributes.required("min_gram_length", try attributes.integer("min_gram_length"))
    let longest = try Attributes.required("max_gram_length", try attributes.integer("max_gram_length"))
    maximumSkip = try Attributes.required("max_skip_count", try attributes.integer("max_skip_count"))
    guard shortest >= 1, longest >= shortest, (0...Int(Int32.max)).contains(maximumSkip) else {
      throw .invalid(
        "operator/attribute-value",
        "\(text) of n-grams of \(shortest) to \(longest) items with up to \(maximumSkip) skipped makes no sense")
    }
    lengths = shortest...longest
    pool = try GramPool(decoding: attributes)
    weights = try attributes.floats("weights")
    if let weights, weights.count != pool.places.count {
      throw .invalid(
        "operator/attribute-value", "there are \(weights.count) weights for \(pool.places.count) n-grams")
    }
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("mode", mode.rawValue)
    attributes.set("min_gram_length", lengths.lowerBound)
    attributes.set("max_gram_length", lengths.upperBound)
    attributes.set("max_skip_count", maximumSkip)
    pool.encode(into: &attributes)
    if let weights { attributes.set("weights", weights) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard (type.dtype == .string) == pool.isText else {
      throw .invalid("operator/dtype", "the n-grams of TfIdfVectorizer are no \(type.dtype)")
    }
    let size = Dimension.known(pool.size)
    guard let shape = type.shape else { return [.tensor(TensorType(.float32, nil))] }
    guard shape.count <= 2 else {
      throw .invalid("operator/rank", "TfIdfVectorizer takes one row of items or several, but is given \(type)")
    }
    return [.tensor(TensorType(.float32, shape.count == 2 ? [shape[0], size] : [size]))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let shape = try concreteShape(inputs)
    let items = pool.identifiers(of: input)
    let rows = input.rank == 2 ? input.shape[0] : 1
    let count = rows == 0 ? 0 : items.count / rows
    let result = try Tensor(of: Float.self, shape: shape) { (target: UnsafeMutableBufferPointer<Float>) in
      for row in 0..<rows {
        self.count(items[row * count..<(row + 1) * count]) { target[row * pool.size + $0] += 1 }
      }
      guard mode != .frequency else { return }
      for index in target.indices where target[index] > 0 {
        let place = index % pool.size
        let weight = weights.map { place < $0.count ? $0[place] : 0 } ?? 1
        target[index] = mode == .weight ? weight : weight * target[index]
      }
    }
    return [result]
  }

  /// Calls `found` with the place of every n-gram of a row, with up to `maximumSkip` items skipped; single items occur
  /// once, however many are skipped.
  private func count(_ row: ArraySlice<Int?>, _ found: (Int) -> Void) {
    var shortest = lengths.lowerBound
    // Beyond a row's length, nothing longer than one item is found.
    for distance in 1...Swift.min(maximumSkip + 1, Swift.max(row.count, 1)) {
      for start in row.indices {
        var (node, position, length) = (pool.root, start, 1)
        while length <= lengths.upperBound, position < row.endIndex, let item = row[position],
          let next = pool.next(node, item)
        {
          if length >= shortest, let place = pool.place(next) { found(place) }
          node = next
          length += 1
          position += distance
        }
      }
      if shortest == 1 { shortest = 2 }
      if shortest > lengths.upperBound { return }
    }
  }
}
