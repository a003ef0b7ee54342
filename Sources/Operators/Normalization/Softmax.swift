internal import Foundation
import LatheIR

/// exp(x − max) / Σ exp(x − max) along one axis.
public struct Softmax: AxisNormalization {
  public static let schema = formal("Softmax", since: 13)

  /// The axis that sums to 1; negative counts from the back.
  public var axis: Int

  public init(axis: Int = -1) { self.axis = axis }

  static func normalize(_ line: inout [Double]) {
    let largest = line.reduce(-.infinity) { Swift.max($0, $1) }
    var sum = 0.0
    for index in line.indices {
      line[index] = exp(line[index] - largest)
      sum += line[index]
    }
    for index in line.indices { line[index] /= sum }
  }
}
