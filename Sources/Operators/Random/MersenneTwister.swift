internal import Foundation

/// The generator MT19937 of Matsumoto and Nishimura, seeded and read as their reference implementation does it, so that
/// draws agree with other tools that use it.
struct MersenneTwister {
  private static let size = 624
  private static let middle = 397

  private var state: [UInt32]
  private var position = MersenneTwister.size
  private var spareNormal: Double?

  /// A generator for a seed; without one, a different generator each time.
  init(seed: Int?) {
    guard let seed else {
      var system = SystemRandomNumberGenerator()
      self.init(words: (0..<8).map { _ in system.next() })
      return
    }
    if let word = UInt32(exactly: seed) {
      self.init(state: Self.initial(word))
    } else {
      let bits = UInt64(bitPattern: Int64(seed))
      self.init(words: [UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32)])
    }
  }

  /// A generator for a float seed: one that is a whole number counts as this, any other by its bits.
  init(seed: Float?) {
    self.init(seed: seed.flatMap { $0.isNaN ? nil : Int(exactly: $0) ?? Int($0.bitPattern) })
  }

  private static func initial(_ seed: UInt32) -> [UInt32] {
    var state = [seed]
    state.reserveCapacity(size)
    for index in 1..<size {
      let last = state[index - 1]
      state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(index))
    }
    return state
  }

  private init(state: [UInt32]) { self.state = state }

  private init(words: [UInt32]) {
    var state = Self.initial(19_650_218)
    var (index, word) = (1, 0)
    func advance(_ state: inout [UInt32]) {
      index += 1
      if index >= Self.size {
        state[0] = state[Self.size - 1]
        index = 1
      }
    }
    for _ in 0..<Swift.max(Self.size, words.count) {
      let mixed = (state[index - 1] ^ (state[index - 1] >> 30)) &* 1_664_525
      state[index] = (state[index] ^ mixed) &+ words[word] &+ UInt32(word)
      word = (word + 1) % words.count
      advance(&state)
    }
    for _ in 0..<Self.size - 1 {
      let mixed = (state[index - 1] ^ (state[index - 1] >> 30)) &* 1_566_083_941
      state[index] = (state[index] ^ mixed) &- UInt32(index)
      advance(&state)
    }
    state[0] = 0x8000_0000
    self.init(state: state)
  }

  private mutating func refill() {
    for index in 0..<Self.size {
      let mixed = (state[index] & 0x8000_0000) | (state[(index + 1) % Self.size] & 0x7FFF_FFFF)
      let twist: UInt32 = mixed & 1 == 0 ? 0 : 0x9908_B0DF
      state[index] = state[(index + Self.middle) % Self.size] ^ (mixed >> 1) ^ twist
    }
    position = 0
  }

  private mutating func next() -> UInt32 {
    if position == Self.size { refill() }
    var word = state[position]
    position += 1
    word ^= word >> 11
    word ^= (word << 7) & 0x9D2C_5680
    word ^= (word << 15) & 0xEFC6_0000
    return word ^ (word >> 18)
  }

  /// A number in [0, 1) of 53 random bits.
  mutating func uniform() -> Double {
    let (high, low) = (next() >> 5, next() >> 6)
    return (Double(high) * 67_108_864 + Double(low)) / 9_007_199_254_740_992
  }

  /// A number of the standard normal distribution, by Marsaglia's polar method.
  mutating func normal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    while true {
      let (x, y) = (2 * uniform() - 1, 2 * uniform() - 1)
      let square = x * x + y * y
      guard square < 1, square > 0 else { continue }
      let factor = (-2 * log(square) / square).squareRoot()
      spareNormal = factor * x
      return factor * y
    }
  }
}
