/// What a pass promises about the model's results; every promise is measured where samples are given.
public enum Guarantee: Sendable, Hashable {
  /// Not one bit of any output changes.
  case identicalBits
  /// The same mathematics in another order: outputs agree within this relative error.
  case sameMathematics(relative: Double)
  /// Outputs change; the named metric stays within the bound.
  case approximate(metric: String, bound: Double)
}

extension Guarantee: CustomStringConvertible {
  public var description: String {
    switch self {
    case .identicalBits: "identical bits"
    case .sameMathematics(let relative): "same mathematics (\(relative) relative)"
    case .approximate(let metric, let bound): "\(metric) within \(bound)"
    }
  }
}
