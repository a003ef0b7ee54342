import LatheTensors

/// A tensor and what it is called.
public struct NamedTensor: Sendable, Equatable {
  public var name: String
  public var tensor: Tensor

  public init(_ name: String, _ tensor: Tensor) {
    self.name = name
    self.tensor = tensor
  }
}
