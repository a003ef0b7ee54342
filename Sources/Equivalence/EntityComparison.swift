import LatheJSON

/// Compares the entities that token labels of the forms BIO, BIOES and BILOU mark out.
public struct EntityComparison: Sendable {
  /// Tokens from `start` to before `end` that are an entity of a type.
  struct Entity: Hashable {
    var start: Int
    var end: Int
    var type: String
  }

  /// What a label says: how the token stands in an entity, and of which type.
  private struct Tag {
    var position: Character
    var type: String

    /// nil for a label that marks no entity.
    init?(_ label: String) {
      guard let first = label.first, "BIESLU".contains(first), let dash = label.dropFirst().first, dash == "-" || dash == "_" else { return nil }
      position = first
      type = String(label.dropFirst(2))
    }

    var begins: Bool { "BSU".contains(position) }
    var ends: Bool { "ESLU".contains(position) }
  }

  private let tags: [Tag?]
  public private(set) var reference = 0
  public private(set) var candidate = 0
  /// Entities of the same tokens and type in both.
  public private(set) var common = 0

  /// nil unless the labels mark entities: there is a label that begins some, and one that marks none.
  public init?(labels: [String]) {
    tags = labels.map(Tag.init)
    guard tags.contains(where: { $0?.begins == true }), labels.contains("O") else { return nil }
  }

  /// Compares one sample's tokens.
  public mutating func add(_ reference: SampleRow, _ candidate: SampleRow) {
    let (one, two) = (Set(entities(reference)), Set(entities(candidate)))
    self.reference += one.count
    self.candidate += two.count
    common += one.intersection(two).count
  }

  /// Appends what another comparison saw.
  public mutating func merge(_ next: EntityComparison) {
    reference += next.reference
    candidate += next.candidate
    common += next.common
  }

  /// An entity begins where a label says so, and where one inside an entity follows none or another type.
  func entities(_ row: SampleRow) -> [Entity] {
    var found: [Entity] = []
    var open: Entity?
    func close(at end: Int) {
      if var entity = open {
        entity.end = end
        found.append(entity)
      }
      open = nil
    }
    for token in 0..<row.count {
      guard let label = OutputComparison.largest(row[token]), tags.indices.contains(label), let tag = tags[label] else {
        close(at: token)
        continue
      }
      if tag.begins || open?.type != tag.type {
        close(at: token)
        open = Entity(start: token, end: token, type: tag.type)
      }
      if tag.ends { close(at: token + 1) }
    }
    close(at: row.count)
    return found
  }

  /// Harmonic mean of the shares of either side's entities that the other has; 1 where there are none.
  public var f1: Double { reference + candidate == 0 ? 1 : 2 * Double(common) / Double(reference + candidate) }

  var json: JSONValue {
    ["reference": .integer(Int64(reference)), "candidate": .integer(Int64(candidate)), "common": .integer(Int64(common)), "f1": .number(f1)]
  }
}
