internal import Foundation
import LatheIR

/// x − max − ln Σ exp(x − max) along one axis.
public struct LogSoftmax: AxisNormalization {
  public static let schema = formal("LogSoftmax", since: 13)

  /// The axis whose exponentials sum to 1; negative counts from the back.
  public var axis: Int

  public init(axis: Int = -1) { self.axis = axis }

  static func normalize(_ line: inout [Double]) {
    let largest = line.reduce(-.infinity) { Swift.max($0, $1) }
    let logarithm = log(line.reduce(0) { $0 + exp($1 - largest) })
    for index in line.indices { line[index] = line[index] - largest - logarithm }
  }
}
