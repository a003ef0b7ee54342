import LatheDiagnostics
import LatheIR
import LatheTensors

/// A reduction that picks an element, of truth values as well as of numbers.
protocol ExtremalReduction: FollowedReduction {}

extension DTypeDomain {
  /// What the largest and smallest elements are taken of.
  static let extremal = wide.union([.int8, .uint8, .bool])
}

extension ExtremalReduction {
  /// Truth values are compared as the bytes 0 and 1.
  func evaluateOrdered(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let data = try inputs.required(0)
    guard data.dtype == .bool else { return try evaluateNumeric(inputs) }
    var numbers = inputs
    numbers[0] = try data.reinterpreted(as: .uint8)
    return [try compute(numbers, as: UInt8.self)[0].reinterpreted(as: .bool)]
  }
}
