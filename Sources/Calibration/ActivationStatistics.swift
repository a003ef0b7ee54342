/// What was seen of one activation over the samples.
public struct ActivationStatistics: Sendable, Hashable {
  public private(set) var minimum = Float.infinity
  public private(set) var maximum = -Float.infinity
  /// The largest magnitude of each batch.
  public private(set) var batchMaxima: [Float] = []
  public private(set) var histogram = Histogram()
  /// Values that were infinite or not numbers; the others are counted all the same.
  public private(set) var notFinite = 0

  public init() {}

  /// Takes in the values of one batch.
  public mutating func add(_ values: UnsafeBufferPointer<Float>) {
    guard !values.isEmpty else { return }
    var (least, most) = (Float.infinity, -Float.infinity)
    var strange = 0
    for value in values {
      guard value.isFinite else {
        strange += 1
        continue
      }
      least = value < least ? value : least
      most = value > most ? value : most
    }
    notFinite += strange
    guard least <= most else { return }
    (minimum, maximum) = (min(minimum, least), max(maximum, most))
    let largest = max(abs(least), abs(most))
    batchMaxima.append(largest)
    histogram.add(values, largest: largest)
  }

  /// The largest magnitude.
  public var largest: Float { max(abs(minimum), abs(maximum)) }

  /// Why no scale can be had, or nil if one can.
  public var degeneracy: String? {
    if notFinite > 0 { return "\(notFinite) of its values are infinite or not numbers" }
    if batchMaxima.isEmpty { return "the samples never reach it" }
    if minimum == maximum { return "it is always \(minimum)" }
    return nil
  }
}
