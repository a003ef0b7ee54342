import LatheDiagnostics
import LatheIR
import LatheTensors

/// What is done for inputs of one set of types: the nodes in order with their kernels, and where every value lies.
struct Plan: Sendable {
  /// One node's turn.
  struct Step: Sendable {
    let node: NodeID
    /// In the graph's order.
    let position: Int
    /// nil where the node runs by reference evaluation.
    let kernel: (any Kernel)?
    /// Whether a kernel may be found once the operands are there.
    let isDynamic: Bool
    /// Bytes from the arena's start to the kernel's scratch.
    let scratch: Int
    /// What nobody reads afterwards, of the values that reference evaluation made.
    let lastUses: [ValueID]
  }

  /// Where a value lies.
  enum Place: Sendable, Equatable {
    /// Not known before the value is made: what reference evaluation returns.
    case held
    /// An input of the graph, by position.
    case input(Int)
    /// Contents of a constant: the value's own, or those of the one it is a view of.
    case constant(ValueID)
    /// Bytes from the arena's start.
    case arena(Int)
    /// The memory of an output of the graph, by position.
    case output(Int)
  }

  /// A value in the memory of an input or output of the graph.
  struct View: Sendable {
    let value: ValueID
    /// Position of the input or output.
    let port: Int
  }

  /// The inputs' types, in the graph's order.
  let inputs: [ValueType]
  let steps: [Step]
  /// By the values' ids; nil for those that no step needs.
  let places: [Place?]
  /// By the values' ids; nil where it is not known in numbers.
  let types: [StaticType?]
  let arenaBytes: Int
  /// Values that lie in an input's memory without being it.
  let inputViews: [View]
  /// Values that lie in an output's memory, it included.
  let outputViews: [View]

  /// Whether this is the plan for these values.
  func fits(_ data: [Datum]) -> Bool {
    guard data.count == inputs.count else { return false }
    for (datum, type) in zip(data, inputs) {
      guard case .tensor(let tensor) = datum, case .tensor(let wanted) = type, let shape = wanted.shape else {
        guard datum.type == type else { return false }
        continue
      }
      guard tensor.dtype == wanted.dtype, tensor.shape.count == shape.count,
        zip(tensor.shape, shape).allSatisfy({ $1.known == $0 })
      else { return false }
    }
    return true
  }

  /// How many steps have a kernel.
  var kernelCount: Int { steps.count { $0.kernel != nil } }
}
