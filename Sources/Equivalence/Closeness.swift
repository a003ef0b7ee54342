import LatheTensors

/// Whether values agree within |actual − expected| ≤ absolute + relative·|expected|, element by element.
public struct Closeness: Sendable, Hashable {
  public var relative: Double
  public var absolute: Double
  /// Both bounds for elements of at most 16 bits, whose own steps are coarser.
  public var half: Double

  /// The bounds of ONNX's backend tests.
  public init(relative: Double = 1e-3, absolute: Double = 1e-5, half: Double = 1e-2) {
    self.relative = relative
    self.absolute = absolute
    self.half = half
  }

  /// Why the two differ, or nil if they agree.
  public func difference(_ actual: Datum, _ expected: Datum) -> String? {
    switch (actual, expected) {
    case (.tensor(let one), .tensor(let other)): return difference(one, other)
    case (.sequence(let one, _), .sequence(let other, _)):
      guard one.count == other.count else { return "the sequence has \(one.count) elements instead of \(other.count)" }
      for (index, pair) in zip(one, other).enumerated() {
        if let reason = difference(pair.0, pair.1) { return "element \(index): \(reason)" }
      }
      return nil
    case (.optional(let one, _), .optional(let other, _)):
      guard let one, let other else { return one == other ? nil : "one of the optionals is empty" }
      return difference(one, other)
    case (.optional(let one?, _), _): return difference(one, expected)
    default: return "the value is \(actual.type) instead of \(expected.type)"
    }
  }

  /// Why the two tensors differ, or nil if they agree; NaN agrees with NaN, infinities with their like.
  public func difference(_ actual: Tensor, _ expected: Tensor) -> String? {
    guard actual.dtype == expected.dtype, actual.shape == expected.shape else {
      return "the tensor is \(TensorType(of: actual)) instead of \(TensorType(of: expected))"
    }
    if let one = actual.strings, let other = expected.strings {
      return zip(one, other).enumerated().first { $1.0 != $1.1 }.map {
        "element \($0) is \"\($1.0)\" instead of \"\($1.1)\""
      }
    }
    guard let one = actual.doubles() ?? parts(actual), let other = expected.doubles() ?? parts(expected) else {
      return actual == expected ? nil : "the contents differ"
    }
    let isCoarse = !actual.dtype.isInteger && actual.dtype != .bool && actual.dtype.bitWidth <= 16
    let (relative, absolute) = isCoarse ? (half, half) : (relative, absolute)
    for (index, (a, e)) in zip(one, other).enumerated() where !agrees(a, e, relative, absolute) {
      return "element \(index) is \(a) instead of \(e)"
    }
    return nil
  }

  private func agrees(_ actual: Double, _ expected: Double, _ relative: Double, _ absolute: Double) -> Bool {
    if actual == expected || (actual.isNaN && expected.isNaN) { return true }
    guard actual.isFinite, expected.isFinite else { return false }
    return Swift.abs(actual - expected) <= absolute + relative * Swift.abs(expected)
  }

  /// Real and imaginary parts in turn, for complex tensors.
  private func parts(_ tensor: Tensor) -> [Double]? {
    switch tensor.dtype {
    case .complex64: tensor.withBytes { Array($0.bindMemory(to: Float.self)).map(Double.init) }
    case .complex128: tensor.withBytes { Array($0.bindMemory(to: Double.self)) }
    default: nil
    }
  }
}
