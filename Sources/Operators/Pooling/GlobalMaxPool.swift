import LatheIR
import LatheTensors

/// Largest element of each channel; NaN if there is one.
public struct GlobalMaxPool: GlobalPooling, AttributeFree {
  public static let schema = OperatorSchema(
    "GlobalMaxPool", since: 22,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)])

  public init() {}

  func pooled(_ count: Int, _ element: (Int) -> Double) -> Double {
    var largest = -Double.infinity
    for index in 0..<count {
      let value = element(index)
      if value > largest || value.isNaN { largest = value }
      if largest.isNaN { return largest }
    }
    return largest
  }
}
