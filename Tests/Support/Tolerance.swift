import LatheTensors

/// How far apart two numbers may be: absolute + relative · |expected|.
public struct Tolerance: Sendable {
  /// In the unit of the numbers.
  public var absolute: Double
  /// As a part of the expected number.
  public var relative: Double

  public init(absolute: Double = 0, relative: Double = 0) {
    self.absolute = absolute
    self.relative = relative
  }

  /// Not at all.
  public static let exact = Tolerance()

  /// Whether a number is close enough; NaN is close to NaN only, infinity to itself only.
  public func accepts(_ actual: Double, _ expected: Double) -> Bool {
    if actual.isNaN || expected.isNaN { return actual.isNaN && expected.isNaN }
    if actual == expected { return true }
    guard actual.isFinite, expected.isFinite else { return false }
    return abs(actual - expected) <= absolute + relative * abs(expected)
  }
}

extension Tensor {
  /// What is different from `expected`, in words; nil if nothing is.
  public func difference(from expected: Tensor, _ tolerance: Tolerance = .exact) -> String? {
    guard dtype == expected.dtype, shape == expected.shape else {
      return "\(dtype)\(shape) instead of \(expected.dtype)\(expected.shape)"
    }
    guard let own = doubles(), let other = expected.doubles() else {
      return self == expected ? nil : "other contents: \(strings ?? []) instead of \(expected.strings ?? [])"
    }
    if dtype == .int64 || dtype == .uint64, self != expected { return "other integers" }
    let wrong = own.indices.filter { !tolerance.accepts(own[$0], other[$0]) }
    guard let first = wrong.first else { return nil }
    return "\(wrong.count) of \(own.count) elements, the first at \(first): \(own[first]) instead of \(other[first])"
  }
}
