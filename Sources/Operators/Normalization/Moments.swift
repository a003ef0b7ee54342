import LatheDiagnostics
import LatheIR
import LatheTensors

/// Mean and variance of numbers.
enum Moments {
  /// Mean and population variance of `count` elements from `start`, summed in double precision.
  @inline(__always)
  static func of<T: FloatElement>(_ source: UnsafeBufferPointer<T>, from start: Int, count: Int) -> (
    mean: Double, variance: Double
  ) {
    var sum = 0.0
    for index in start..<start + count { sum += source[index].wide }
    let mean = sum / Double(count)
    var squares = 0.0
    for index in start..<start + count { squares += (source[index].wide - mean) * (source[index].wide - mean) }
    return (mean, squares / Double(count))
  }
}

extension Attributes {
  /// The attribute `stash_type`: the type in which statistics are taken.
  ///
  /// - Throws: `operator/attribute-value` if it is no float.
  func stashType() throws(Diagnostic) -> DType {
    let type = try dtype("stash_type") ?? .float32
    guard type.isFloat else {
      throw .invalid("operator/attribute-value", "stash_type should be a float, but is \(type)")
    }
    return type
  }
}
