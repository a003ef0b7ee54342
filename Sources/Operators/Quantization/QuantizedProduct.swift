import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator that multiplies matrices of quantized numbers, as MatMul does.
protocol QuantizedProduct: Operator {}

extension QuantizedProduct {
  /// Shape of the product.
  ///
  /// - Throws: what MatMul throws for shapes that do not fit.
  func productShape(_ a: TensorType, _ b: TensorType) throws(Diagnostic) -> Shape? {
    let types = [a, b].map { Operand(type: .tensor(TensorType(.int32, $0.shape))) }
    return try MatMul().infer(types)[0].tensor?.shape
  }

  /// The product of concrete tensors of integers in 32 bits, which wrap.
  func product(_ a: Tensor, _ b: Tensor) throws(Diagnostic) -> Tensor {
    try MatMul().evaluate([a, b])[0]
  }
}

/// Which side of a product a scale or zero point belongs to.
enum ProductSide {
  /// One for each row: a vector stands for a column.
  case rows
  /// One for each column: a vector stands for a row.
  case columns

  /// A parameter in the shape in which it broadcasts against its matrix.
  func spread(_ parameter: Tensor, rank: Int) throws(Diagnostic) -> Tensor {
    if parameter.elementCount == 1 { return try parameter.reshaped(to: []) }
    guard parameter.rank == 1, self == .rows, rank > 1 else { return parameter }
    return try parameter.reshaped(to: [parameter.elementCount, 1])
  }

  /// - Throws: `operator/quantization` if a parameter does not fit the matrix.
  func check(_ parameter: TensorType?, _ matrix: TensorType) throws(Diagnostic) {
    guard let parameter, var own = parameter.shape, let shape = matrix.shape, !own.isEmpty else { return }
    if own.count == 1, own[0] == 1 { return }
    if own.count == 1, self == .rows, shape.count > 1 { own.append(1) }
    let fits =
      own.count <= shape.count
      && zip(own.reversed(), shape.reversed()).allSatisfy { $0 == 1 || !$0.isProvablyDifferent(from: $1) }
    guard fits else {
      throw .invalid("operator/quantization", "scales or zero points of \(parameter) do not fit a matrix of \(matrix)")
    }
  }
}
