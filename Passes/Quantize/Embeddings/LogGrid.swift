import LatheTensors

/// The powers 2^(k · step), and which of them is nearest to a number on the scale of logarithms.
///
/// That is told without logarithms, so that every host agrees.
struct LogGrid {
  /// Levels of an octave.
  private let count: Int
  /// 2^((i + 1/2) · step) for each of them, in rising order: roots of 2, which the square root rounds in one way everywhere.
  private let bounds: [Double]
  /// 2^(i · step).
  private let levels: [Double]

  /// - Parameter step: 1, 1/2, 1/4, 1/8 or 1/16; nil for any other.
  init?(step: Double) {
    guard let count = [1, 2, 4, 8, 16].first(where: { step * Double($0) == 1 }) else { return nil }
    var root = 2.0
    for _ in 0..<(2 * count).trailingZeroBitCount { root = root.squareRoot() }
    var powers = [1.0]
    for _ in 1..<2 * count { powers.append(powers[powers.count - 1] * root) }
    self.count = count
    levels = stride(from: 0, to: 2 * count, by: 2).map { powers[$0] }
    bounds = stride(from: 1, to: 2 * count, by: 2).map { powers[$0] }
  }

  /// The k of a magnitude that is not zero.
  func bucket(_ magnitude: Float) -> Int {
    let exact = Double(magnitude)
    let fraction = exact.significand
    return Int(exact.exponent) * count + bounds.count { $0 < fraction }
  }

  /// 2^(k · step), or the largest float where that is beyond it.
  func level(_ bucket: Int) -> Float {
    let octave = bucket >= 0 ? bucket / count : (bucket + 1) / count - 1
    let exact = Double(sign: .plus, exponent: octave, significand: levels[bucket - octave * count])
    return min(Float(exact), .greatestFiniteMagnitude)
  }
}

/// Levels and codes as PaddleSlim's quant_embedding makes them (type `log`; there with 8 bits and a step of 1/8).
///
/// They are the largest powers that occur, as many as half of the codes, for positive numbers and then for negative ones.
/// What is smaller than all levels gets the smallest one, zero as well, unless there are so few powers that zero is a level itself.
struct MagnitudeDictionary {
  private let grid: LogGrid
  private let half: Int
  private let first: Int
  /// Codes of buckets from `first` on.
  private let codes: [UInt8]
  let levels: [Float]

  init(_ values: [Float], _ grid: LogGrid, bits: Int) {
    let half = 1 << (bits - 1)
    var found: Set<Int> = []
    for value in values where value != 0 { found.insert(grid.bucket(abs(value))) }
    let buckets = found.sorted().suffix(half)
    let hasZero = found.count < half && values.contains(0)
    let magnitudes = (hasZero ? [0] : []) + buckets.map(grid.level)
    let padding = [Float](repeating: 0, count: half - magnitudes.count)
    var codes = [UInt8](repeating: 0, count: buckets.last.map { $0 - (buckets.first ?? 0) + 1 } ?? 0)
    for (place, bucket) in buckets.enumerated() { codes[bucket - (buckets.first ?? 0)] = UInt8(place + (hasZero ? 1 : 0)) }
    (self.grid, self.half, first, self.codes) = (grid, half, buckets.first ?? 0, codes)
    levels = magnitudes + padding + magnitudes.map { $0 == 0 ? 0 : -$0 } + padding
  }

  func code(of value: Float) -> UInt8 {
    guard value != 0 else { return 0 }
    let place = grid.bucket(abs(value)) - first
    let code = place < 0 ? 0 : codes[place]
    return value < 0 ? code + UInt8(half) : code
  }
}

/// The powers that occur most often, for both signs, and zero.
enum FrequencyDictionary {
  static func levels(_ values: [Float], _ grid: LogGrid, bits: Int) -> [Float] {
    var counts: [Int: Int] = [:]
    for value in values where value != 0 { counts[grid.bucket(abs(value)), default: 0] += 1 }
    let order = counts.sorted { ($0.value, $0.key) > ($1.value, $1.key) }
    let magnitudes = order.prefix((1 << (bits - 1)) - 1).map(\.key).sorted().map(grid.level)
    return magnitudes.reversed().map { -$0 } + [0] + magnitudes
  }
}

/// The level nearest to each number; of two that are as near, the lower one.
struct NearestLevels {
  private let bounds: [Double]

  /// - Parameter levels: in rising order.
  init(_ levels: [Float]) {
    bounds = zip(levels, levels.dropFirst()).map { (Double($0) + Double($1)) / 2 }
  }

  func codes(of values: [Float]) -> [UInt8] {
    values.map { value in
      var (low, high) = (0, bounds.count)
      while low < high {
        let middle = (low + high) / 2
        if bounds[middle] < Double(value) { low = middle + 1 } else { high = middle }
      }
      return UInt8(low)
    }
  }
}
