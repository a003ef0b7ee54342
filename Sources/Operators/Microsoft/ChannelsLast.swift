import LatheDiagnostics
import LatheIR
import LatheTensors

/// The axes of images whose channels may come last, [N, d…, C], rather than behind the batch, [N, C, d…].
enum ChannelsLast {
  static func first(_ type: TensorType) -> TensorType {
    guard let shape = type.shape, shape.count > 2 else { return type }
    return TensorType(type.dtype, [shape[0], shape[shape.count - 1]] + shape[1..<(shape.count - 1)])
  }

  static func last(_ type: TensorType) -> TensorType {
    guard let shape = type.shape, shape.count > 2 else { return type }
    return TensorType(type.dtype, [shape[0]] + shape[2...] + [shape[1]])
  }

  static func first(_ tensor: Tensor) throws(Diagnostic) -> Tensor {
    guard tensor.rank > 2 else { return tensor }
    return try tensor.permuted([0, tensor.rank - 1] + Array(1..<tensor.rank - 1))
  }

  static func last(_ tensor: Tensor) throws(Diagnostic) -> Tensor {
    guard tensor.rank > 2 else { return tensor }
    return try tensor.permuted([0] + Array(2..<tensor.rank) + [1])
  }
}
