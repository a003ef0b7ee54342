import LatheIR
import LatheTensors

/// Mean of each channel.
public struct GlobalAveragePool: GlobalPooling, AttributeFree {
  public static let schema = OperatorSchema(
    "GlobalAveragePool", since: 22,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)])

  public init() {}

  func pooled(_ count: Int, _ element: (Int) -> Double) -> Double {
    var sum = 0.0
    for index in 0..<count { sum += element(index) }
    return sum / Double(count)
  }
}
