import LatheTensors

/// The generator splitmix64: the same numbers for the same seed, everywhere.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// A generator whose numbers depend on the seed only.
  public init(seed: UInt64) { state = seed }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A double in [0, 1).
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A double in the range.
  public mutating func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + unit() * (range.upperBound - range.lowerBound)
  }

  /// A number from 0 to `bound` - 1.
  public mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

  /// True once in this many times.
  public mutating func chance(_ oneIn: Int) -> Bool { below(oneIn) == 0 }

  /// Random bytes.
  public mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
  }
}

extension Tensor {
  /// A tensor with elements that depend on the seed only: numbers in `range`, any codes for types that are stored as
  /// codes, short words for text.
  public static func seeded(
    _ dtype: DType, _ shape: [Int], seed: UInt64, in range: ClosedRange<Double> = -2...2
  ) throws -> Tensor {
    var generator = SeededGenerator(seed: seed)
    let count = try elementCount(of: shape)
    func numbers<T: NumericElement>(_ type: T.Type) throws -> Tensor {
      try Tensor((0..<count).map { _ in T(double: generator.uniform(in: range)) }, shape: shape)
    }
    if let type = dtype.numericType { return try numbers(type) }
    switch dtype {
    case .string:
      return try Tensor(strings: (0..<count).map { _ in "w\(generator.next() % 1000)" }, shape: shape)
    case .bool: return try Tensor((0..<count).map { _ in generator.next() & 1 == 1 }, shape: shape)
    default:
      // Complex numbers of random bits may be NaN, which copying must preserve as well.
      let bits = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      let bytes = dtype.bitWidth <= 8 ? PackedElements.pack(bits, bitWidth: dtype.bitWidth) : []
      return try Tensor(dtype: dtype, shape: shape) { target in
        if bytes.isEmpty {
          for index in target.indices { target[index] = UInt8(truncatingIfNeeded: generator.next()) }
        } else {
          target.copyBytes(from: bytes)
        }
      }
    }
  }
}
