import LatheDiagnostics
import LatheIR
import LatheTensors

/// Determinant of the square matrices in the last two axes, by elimination with row pivots in double precision.
public struct Det: FloatEvaluable, AttributeFree {
  public static let schema = OperatorSchema(
    "Det", since: 22,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard let shape = type.shape else { return [.tensor(type)] }
    guard shape.count >= 2, !shape[shape.count - 2].isProvablyDifferent(from: shape[shape.count - 1]) else {
      throw .invalid("operator/square-matrix", "Det needs square matrices in the last two axes, but is given \(type)")
    }
    return [.tensor(TensorType(type.dtype, Array(shape.dropLast(2))))]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let size = x.shape[x.rank - 1]
    let result = try Tensor(of: T.self, shape: try concreteShape(inputs)) { (target: UnsafeMutableBufferPointer<T>) in
      x.withElements(as: T.self) { source in
        for index in target.indices {
          let matrix = source[index * size * size..<(index + 1) * size * size]
          target[index] = T(double: Self.determinant(matrix.map(\.wide), size))
        }
      }
    }
    return [result]
  }

  private static func determinant(_ matrix: [Double], _ size: Int) -> Double {
    var rows = matrix
    var result = 1.0
    for column in 0..<size {
      var pivot = column
      for row in column..<size where Swift.abs(rows[row * size + column]) > Swift.abs(rows[pivot * size + column]) {
        pivot = row
      }
      let value = rows[pivot * size + column]
      result *= value
      guard value != 0 else { return 0 }
      if pivot != column {
        result = -result
        for step in column..<size { rows.swapAt(pivot * size + step, column * size + step) }
      }
      for row in column + 1..<Swift.max(size, column + 1) {
        let factor = rows[row * size + column] / value
        for step in column..<size { rows[row * size + step] -= factor * rows[column * size + step] }
      }
    }
    return result
  }
}
