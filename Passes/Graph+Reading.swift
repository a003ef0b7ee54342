import LatheIR
import LatheTensors

extension Graph {
  /// The value's shape, as far as it is known.
  func shape(_ id: ValueID?) -> Shape? { id.flatMap { self[$0].type?.tensor?.shape } }

  /// The node's operand at a position; nil if it is left out.
  func input(_ position: Int, of id: NodeID) -> ValueID? {
    position < self[id].inputs.count ? self[id].inputs[position] : nil
  }

  /// The node that produces the value as its first output, if one does.
  func source(_ value: ValueID?) -> NodeID? {
    guard let value, let id = self[value].producer, self[id].outputs.first == value else { return nil }
    return id
  }

  /// The node's first output.
  func result(_ id: NodeID) -> ValueID? { self[id].outputs.first ?? nil }

  /// The one node that reads the value, if there is one and the value is no output of the graph.
  func onlyUser(of value: ValueID) -> NodeID? {
    guard !isOutput(value), let first = self[value].users.first, self[value].users.allSatisfy({ $0 == first }) else {
      return nil
    }
    return first
  }

  /// The number that a constant of one element holds.
  func number(_ value: ValueID?) -> Double? {
    guard let tensor = constant(value), tensor.elementCount == 1, tensor.dtype.isFloat else { return nil }
    return tensor.doubles()?.first
  }
}

extension Shape {
  /// Whether both are known to be the same.
  func isProvablyEqual(to other: Shape) -> Bool {
    count == other.count && zip(self, other).allSatisfy { $0.isProvablyEqual(to: $1) }
  }
}

extension Tensor {
  /// Whether it has one element for each channel, the axis 1 of `rank` that it is broadcast to, and no other.
  func isPerChannel(_ channels: Int, rank: Int) -> Bool {
    guard self.rank <= rank else { return false }
    let padded = Array(repeating: 1, count: rank - self.rank) + shape
    return elementCount == channels && padded.count > 1 && padded[1] == channels
  }
}
