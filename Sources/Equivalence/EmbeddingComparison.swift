import LatheJSON
import OrderedCollections

/// Compares vectors of samples: which way they point, and which other samples are near.
public struct EmbeddingComparison: Sendable {
  /// Neighbours are looked for among the first samples only: all pairs are compared.
  static let neighbourCount = 512

  /// Cosine between both models' vectors, by sample.
  public private(set) var cosines: [(sample: Int, cosine: Double)] = []
  /// Samples without a vector: NaN, infinity, or no tokens.
  public private(set) var undecided = 0
  /// As the last call of `findNeighbours` found them.
  private(set) var neighbours = Neighbours()
  private var vectors: [(sample: Int, reference: [Double], candidate: [Double])] = []

  public init() {}

  /// Compares one sample's vectors: the mean of its rows.
  public mutating func add(sample: Int, _ reference: SampleRow, _ candidate: SampleRow) {
    // A sample of padding alone has no vector with either model.
    guard reference.count > 0 || candidate.count > 0 else { return }
    guard let one = reference.mean.flatMap(Self.normalized), let two = candidate.mean.flatMap(Self.normalized) else {
      undecided += 1
      return
    }
    cosines.append((sample, Self.dot(one, two)))
    if sample < Self.neighbourCount { vectors.append((sample, one, two)) }
  }

  private static func dot(_ one: [Double], _ two: [Double]) -> Double {
    var sum = 0.0
    for index in 0..<min(one.count, two.count) { sum += one[index] * two[index] }
    return min(1, max(-1, sum))
  }

  /// nil for a vector of zeros.
  private static func normalized(_ vector: [Double]) -> [Double]? {
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 && length.isFinite ? vector.map { $0 / length } : nil
  }

  /// Appends what another comparison saw after this one.
  public mutating func merge(_ next: EmbeddingComparison) {
    cosines += next.cosines
    undecided += next.undecided
    vectors += next.vectors
  }

  /// How the reference's nearest neighbours fare with the candidate.
  struct Neighbours: Sendable {
    /// Samples whose nearest neighbour is the same.
    var agreement = Proportion()
    /// Places by which the reference's nearest neighbour falls behind, on the mean and at most.
    var meanFall = 0.0
    var maximumFall = 0
  }

  /// Compares all pairs of the first samples.
  mutating func findNeighbours() {
    neighbours = Neighbours()
    guard vectors.count > 2 else { return }
    let vectors = vectors.sorted { $0.sample < $1.sample }
    for own in vectors.indices {
      let others = vectors.indices.filter { $0 != own }
      let before = others.map { Self.dot(vectors[own].reference, vectors[$0].reference) }
      let after = others.map { Self.dot(vectors[own].candidate, vectors[$0].candidate) }
      guard let nearest = OutputComparison.largest(before[...]), let other = OutputComparison.largest(after[...]) else { continue }
      // Samples that are as near to the candidate as the nearest one are no worse neighbours.
      let fall = after.count { $0 > after[nearest] }
      neighbours.agreement.add(fall == 0 && (nearest == other || after[nearest] == after[other]))
      neighbours.meanFall += Double(fall) / Double(vectors.count)
      neighbours.maximumFall = max(neighbours.maximumFall, fall)
    }
  }

  /// The samples whose vectors turned most first.
  var worst: [(sample: Int, cosine: Double)] { cosines.sorted { ($0.cosine, $0.sample) < ($1.cosine, $1.sample) } }

  var json: OrderedDictionary<String, JSONValue> {
    let sorted = worst.map(\.cosine)
    func quantile(_ share: Double) -> JSONValue { sorted.isEmpty ? .null : .number(sorted[Int(share * Double(sorted.count - 1))]) }
    var object: OrderedDictionary<String, JSONValue> = [
      "vectors": .integer(Int64(sorted.count)), "undecided": .integer(Int64(undecided)),
      "cosine": [
        "min": quantile(0), "p1": quantile(0.01), "p5": quantile(0.05), "median": quantile(0.5),
        "mean": sorted.isEmpty ? .null : .number(sorted.reduce(0, +) / Double(sorted.count)),
      ],
    ]
    if neighbours.agreement.total > 0 {
      object["neighbours"] = [
        "agreement": neighbours.agreement.json, "mean_fall": .number(neighbours.meanFall), "max_fall": .integer(Int64(neighbours.maximumFall)),
      ]
    }
    return object
  }
}
