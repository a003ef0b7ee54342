import LatheIR
import LatheOperators
import LatheTensors

extension Graph {
  /// Whether a node makes floats of constant codes that only INT8 kernels and look-ups want to read: a matrix for products of dequantized values, filters
  /// for convolutions of them, or a table.
  func keepsCodes(_ id: NodeID) -> Bool {
    guard self[id].op is DequantizeLinear || self[id].op is MicrosoftDequantizeLinear, let value = result(id),
      let rank = shape(value)?.count, (2...4).contains(rank), !isOutput(value),
      let dtype = constant(input(0, of: id))?.dtype, dtype == .int8 || dtype == .uint8
    else { return false }
    return !self[value].users.isEmpty
      && self[value].users.allSatisfy { rank == 2 ? readsMatrix($0, of: value) : readsFilters($0, of: value) }
  }

  private func readsFilters(_ reader: NodeID, of value: ValueID) -> Bool {
    (self[reader].op is Conv || self[reader].op is FusedConv) && input(1, of: reader) == value
      && isDequantized(input(0, of: reader))
  }

  private func readsMatrix(_ reader: NodeID, of value: ValueID) -> Bool {
    switch self[reader].op {
    case is Gather:
      return input(0, of: reader) == value
        && source(value).map { input(1, of: $0) }.flatMap { constant($0) }?.elementCount == 1
    case is MatMul, is Gemm: return input(1, of: reader) == value && isDequantized(input(0, of: reader))
    case is Transpose:
      guard let turned = result(reader), !isOutput(turned) else { return false }
      return !self[turned].users.isEmpty
        && self[turned].users.allSatisfy {
          self[$0].op is MatMul && input(1, of: $0) == turned && isDequantized(input(0, of: $0))
        }
    default: return false
    }
  }

  /// Whether a value is what DequantizeLinear makes, perhaps in another shape.
  private func isDequantized(_ value: ValueID?) -> Bool {
    var value = value
    for _ in 0..<8 {
      guard let node = source(value) else { return false }
      switch self[node].op {
      case is DequantizeLinear, is MicrosoftDequantizeLinear: return true
      case is Reshape, is Flatten, is Squeeze, is Unsqueeze, is Identity: value = input(0, of: node)
      default: return false
      }
    }
    return false
  }
}
