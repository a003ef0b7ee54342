import LatheJSON
import OrderedCollections

/// Compares whole numbers that are answers themselves, such as classes: only equality counts.
public struct LabelComparison: Sendable {
  /// A number that is another one.
  struct Flip: Hashable {
    var sample: Int
    /// Its place within the sample; nil where that has but one.
    var place: Int?
    var reference: Double
    var candidate: Double
  }

  /// Flips that are kept one by one.
  private static let mostFlips = 1000

  public private(set) var agreement = Proportion()
  /// The first of them.
  private(set) var flips: [Flip] = []

  public init() {}

  /// Compares one sample's numbers.
  public mutating func add(sample: Int, _ reference: SampleRow, _ candidate: SampleRow) {
    for (place, (one, other)) in zip(reference.values, candidate.values).enumerated() {
      agreement.add(one == other)
      guard one != other, flips.count < Self.mostFlips else { continue }
      flips.append(Flip(sample: sample, place: reference.values.count > 1 ? place : nil, reference: one, candidate: other))
    }
  }

  /// Appends what another comparison saw after this one.
  public mutating func merge(_ next: LabelComparison) {
    agreement.merge(next.agreement)
    flips += next.flips.prefix(max(0, Self.mostFlips - flips.count))
  }

  func json(kept: Int) -> OrderedDictionary<String, JSONValue> {
    ["agreement": agreement.json, "flips": .array(flips.prefix(kept).map(\.json))]
  }
}

extension LabelComparison.Flip {
  fileprivate var json: JSONValue {
    func whole(_ number: Double) -> JSONValue { Int64(exactly: number).map { .integer($0) } ?? .number(number) }
    var object: OrderedDictionary<String, JSONValue> = ["sample": .integer(Int64(sample))]
    if let place { object["token"] = .integer(Int64(place)) }
    object["reference"] = whole(reference)
    object["candidate"] = whole(candidate)
    return .object(object)
  }
}
