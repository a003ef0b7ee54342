import LatheTensors

/// What the indices of a class mean at one place, where they are more than carried along.
public enum AxisUse: Sendable, Hashable {
  /// Summed over, the class being on an axis of this operand: a cut is exact where what is cut is zero.
  case contracted(NodeID, operand: Int)
  /// Carried, and summed over in the next step along this axis of this operand.
  case recurrent(NodeID, operand: Int, axis: Int)
  /// Rows of this operand, picked by the numbers in a value.
  case lookedUp(NodeID, operand: Int, by: ValueID)
  /// Every index enters into all others.
  case normalized(NodeID)
  /// The operator makes the indices, or does not explain what becomes of them.
  case fresh(NodeID)
  /// The operator cannot tell what it does with the indices, or sees them in parts that do not fit those of the other operators.
  case unmapped(NodeID)
  /// On an axis of an input of the graph.
  case input(ValueID)
  /// On an axis of an output of the graph.
  case output(ValueID)
  /// On an axis whose extent is not told by the value's type.
  case open(ValueID)
}

extension Graph {
  /// What the indices mean there, in words.
  public func describe(_ use: AxisUse) -> String {
    switch use {
    case .contracted(let node, let operand): "it is summed over in \(describe(node)), operand \(operand)"
    case .recurrent(let node, _, _): "it is carried from step to step in \(describe(node))"
    case .lookedUp(let node, _, let rows): "%\(self[rows].name) picks from it by number in \(describe(node))"
    case .normalized(let node): "every index enters into all others in \(describe(node))"
    case .fresh(let node): "\(describe(node)) makes it, or does not explain what becomes of it"
    case .unmapped(let node): "\(describe(node)) does not tell what it has to do with its operands and results"
    case .input(let value): "it is an axis of the input \(self[value].name)"
    case .output(let value): "it is an axis of the output \(self[value].name)"
    case .open(let value): "its extent in %\(self[value].name) is not known"
    }
  }

  /// Why the class may not be cut, in words; empty if it may.
  public func reasons(against axisClass: AxisClass) -> [String] {
    if let extent = axisClass.extent.known, extent < 2 { return ["it has \(extent == 1 ? "one index" : "no index") only"] }
    return axisClass.obstacles.map(describe)
  }
}
