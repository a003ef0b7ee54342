/// Numbers that look random and are the same for one seed on every host: nothing but integers and exact arithmetic.
struct SampleRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// 0 to less than 1.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// 0 to less than `count`, which is at least 1.
  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(max(1, count))) }

  /// About normal, of mean 0 and variance 1, from −6 to 6.
  mutating func bell() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + uniform() } }

  /// The elements in another order.
  mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var elements = elements
    for index in elements.indices.dropLast() { elements.swapAt(index, index + below(elements.count - index)) }
    return elements
  }
}
