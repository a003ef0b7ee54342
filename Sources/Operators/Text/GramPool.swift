import LatheDiagnostics
import LatheIR
import LatheTensors

/// The n-grams of TfIdfVectorizer, as a tree of items.
public struct GramPool: Sendable {
  /// The items of all n-grams in a row.
  public enum Items: Sendable, Hashable {
    case integers([Int])
    case strings([String])
  }

  private struct Edge: Hashable {
    var node: Int
    var item: Int
  }

  /// Most places a result may have.
  private static let mostPlaces = Int(Int32.max)

  public let items: Items
  /// Where the n-grams of one item, of two items and so on begin.
  public let starts: [Int]
  /// Where each n-gram is counted.
  public let places: [Int]
  /// Places of the result.
  let size: Int
  let root = 0
  private var edges: [Edge: Int] = [:]
  private var ends: [Int: Int] = [:]
  private var numbers: [Int: Int] = [:]
  private var texts: [String: Int] = [:]

  /// - Throws: `operator/attribute-value` where the lists contradict each other.
  public init(items: Items, starts: [Int], places: [Int]) throws(Diagnostic) {
    self.items = items
    self.starts = starts
    self.places = places
    guard let last = places.max(), let first = places.min(), first >= 0, last < Self.mostPlaces else {
      throw .invalid("operator/attribute-value", "ngram_indexes should be places from 0 on, below \(Self.mostPlaces)")
    }
    size = last + 1
    let identifiers = Self.identifiers(items, &numbers, &texts)
    try insert(identifiers)
  }

  init(decoding attributes: Attributes) throws(Diagnostic) {
    let (integers, strings) = (try attributes.integers("pool_int64s"), try attributes.strings("pool_strings"))
    let items: Items
    switch (integers, strings) {
    case (let list?, nil): items = .integers(list)
    case (nil, let list?): items = .strings(list)
    default:
      throw .invalid("operator/attribute-missing", "TfIdfVectorizer needs either pool_int64s or pool_strings")
    }
    try self.init(
      items: items, starts: try Attributes.required("ngram_counts", try attributes.integers("ngram_counts")),
      places: try Attributes.required("ngram_indexes", try attributes.integers("ngram_indexes")))
  }

  func encode(into attributes: inout Attributes) {
    attributes.set("ngram_counts", starts)
    attributes.set("ngram_indexes", places)
    switch items {
    case .integers(let list): attributes.set("pool_int64s", list)
    case .strings(let list): attributes.set("pool_strings", list)
    }
  }

  /// Whether the items are strings.
  var isText: Bool {
    guard case .strings = items else { return false }
    return true
  }

  /// The items of an input as this pool numbers them; nil for those that no n-gram has.
  func identifiers(of input: Tensor) -> [Int?] {
    if let strings = input.strings { return strings.map { texts[$0] } }
    return (input.integers() ?? []).map { numbers[$0] }
  }

  /// The node after an item, if an n-gram goes on there.
  func next(_ node: Int, _ item: Int) -> Int? { edges[Edge(node: node, item: item)] }

  /// Where the n-gram that ends at a node is counted, if one does.
  func place(_ node: Int) -> Int? { ends[node] }

  private static func identifiers(_ items: Items, _ numbers: inout [Int: Int], _ texts: inout [String: Int]) -> [Int] {
    func identifier<Key: Hashable>(_ key: Key, _ table: inout [Key: Int]) -> Int {
      if let known = table[key] { return known }
      table[key] = table.count
      return table.count - 1
    }
    switch items {
    case .integers(let list): return list.map { identifier($0, &numbers) }
    case .strings(let list): return list.map { identifier($0, &texts) }
    }
  }

  private mutating func insert(_ identifiers: [Int]) throws(Diagnostic) {
    var (gram, node) = (0, 0)
    for (position, start) in starts.enumerated() {
      let length = position + 1
      let end = length < starts.count ? starts[length] : identifiers.count
      guard start >= 0, start <= end, end <= identifiers.count, (end - start).isMultiple(of: length) else {
        throw .invalid(
          "operator/attribute-value", "ngram_counts = \(starts) does not divide \(identifiers.count) items into n-grams"
        )
      }
      for first in stride(from: start, to: end, by: length) {
        guard gram < places.count else {
          throw .invalid("operator/attribute-value", "there are more n-grams than the \(places.count) of ngram_indexes")
        }
        var current = root
        for item in identifiers[first..<first + length] {
          let edge = Edge(node: current, item: item)
          if edges[edge] == nil {
            node += 1
            edges[edge] = node
          }
          current = edges[edge] ?? root
        }
        ends[current] = places[gram]
        gram += 1
      }
    }
  }
}
