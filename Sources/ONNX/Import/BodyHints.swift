internal import COnnx
import LatheIR
import LatheProtobuf
import LatheTensors

/// What the inputs of a control-flow node say about the inputs of its graphs, which files need not declare.
struct BodyHints {
  /// Whether the graphs are branches, one of which is not run.
  let isBranch: Bool
  private let types: [ValueType?]

  init(_ node: UnsafeMutablePointer<Lathe__Onnx__NodeProto>, version: Int, _ inputs: [ValueType?]) {
    let name = OperatorName(domain: node.pointee.domain.repairedText, node.pointee.op_type.repairedText)
    isBranch = name == OperatorName("If")
    switch name {
    case OperatorName("Loop"):
      types =
        [.tensor(TensorType(.int64, [])), .tensor(TensorType(.bool, []))]
        + inputs.dropFirst(2).map { $0.map(Self.shapeless) }
    case OperatorName("Scan"):
      // Before version 9 the lengths of the sequences came first.
      types = inputs.dropFirst(version < 9 ? 1 : 0).map { $0.map(Self.shapeless) }
    case OperatorName("SequenceMap"):
      types = inputs.map { type in
        guard case .sequence(let element)? = type else { return type }
        return element
      }
    default: types = []
    }
  }

  /// The type of an input, without shape where that may change from one run of the graph to the next.
  func type(of position: Int) -> ValueType? { position < types.count ? types[position] : nil }

  private static func shapeless(_ type: ValueType) -> ValueType {
    guard case .tensor(let tensor) = type else { return type }
    return .tensor(TensorType(tensor.dtype, nil))
  }
}
