import LatheTensors

/// A tensor and what it is called.
public struct NamedTensor: Sendable, Equatable {
  /// The array's key in an .npz.
  public var name: String
  /// The contents.
  public var tensor: Tensor

  /// `tensor`, called `name`.
  public init(_ name: String, _ tensor: Tensor) {
    self.name = name
    self.tensor = tensor
  }
}
