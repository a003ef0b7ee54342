import LatheDiagnostics
import LatheIR
import LatheTensors

/// Grids of places, for GridSample, that matrices make from the regular grid of an image's elements.
public struct AffineGrid: FloatEvaluable {
  public static let schema = OperatorSchema(
    "AffineGrid", since: 20,
    inputs: [.init("theta", "T1", .floats), .init("size", "T2", .int64)],
    outputs: [.init("grid", "T1", .floats)],
    attributes: ["align_corners": .integer])

  /// Whether −1 and 1 are the middles of the outermost elements, rather than their outer edges.
  public var alignsCorners: Bool

  public init(alignsCorners: Bool = false) { self.alignsCorners = alignsCorners }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alignsCorners = try attributes.flag("align_corners", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    if alignsCorners { attributes.set("align_corners", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let theta = try inputs.tensor(0)
    let size = try inputs.optional(1)?.vector("size of the image")
    let length = size?.count ?? inputs.optional(1)?.vectorLength
    guard let rank = length.map({ $0 - 2 }) ?? theta.shape?.dropFirst().first?.known else {
      return [.tensor(TensorType(theta.dtype, nil))]
    }
    let matrix = theta.shape ?? .unknown(3) ?? []
    let fits =
      (2...3).contains(rank) && matrix.count == 3 && !matrix[1].isProvablyDifferent(from: .known(rank))
      && !matrix[2].isProvablyDifferent(from: .known(rank + 1))
      && !matrix[0].isProvablyDifferent(from: size?[0] ?? .unknown)
    guard fits else {
      throw .invalid(
        "operator/shape",
        "AffineGrid of \(theta) cannot make a grid for \(size?.description ?? "an image of \(rank) axes")",
        fix: "give [N, 2, 3] and [N, C, H, W], or [N, 3, 4] and [N, C, D, H, W]")
    }
    let extents = size.map { Array($0[2...]) } ?? .unknown(rank) ?? []
    let batch = size?[0].known.map { .known($0) } ?? (matrix[0] == .unknown ? size?[0] ?? .unknown : matrix[0])
    return [.tensor(TensorType(theta.dtype, try checked(shape: [batch] + extents + [.known(rank)])))]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let theta = try inputs.required(0)
    let shape = try concreteShape(inputs)
    let extents = Array(shape[1..<(shape.count - 1)])
    let (rank, points) = (extents.count, extents.reduce(1, *))
    let strides = StridedLayout.rowMajorStrides(extents)
    let result = try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      theta.withElements(as: T.self) { matrices in
        for point in 0..<shape[0] * points {
          for row in 0..<rank {
            let matrix = (point / points * rank + row) * (rank + 1)
            var sum = matrices[matrix + rank].wide
            // The matrices' columns are for the axes from the innermost outwards.
            for axis in 0..<rank {
              let position = point % points / strides[axis] % extents[axis]
              sum += matrices[matrix + rank - 1 - axis].wide * coordinate(position, extents[axis])
            }
            target[point * rank + row] = T(double: sum)
          }
        }
      }
    }
    return [result]
  }

  /// Where an element lies between −1 and 1; a single one lies in the middle.
  private func coordinate(_ position: Int, _ extent: Int) -> Double {
    if alignsCorners { return extent == 1 ? 0 : 2 * Double(position) / Double(extent - 1) - 1 }
    return (2 * Double(position) + 1) / Double(extent) - 1
  }
}
