import LatheIR
import LatheTensors

/// What makes a cut exact: a graph whose constants are zero wherever they hold what the cuts drop.
public struct AxisCutProof {
  let classes: AxisClasses
  let cuts: [AxisCut]

  public init(_ cuts: [AxisCut], of classes: AxisClasses) {
    self.cuts = cuts
    self.classes = classes
  }

  /// The graph with zeros in the slices of floats that go.
  public func silencing(_ graph: Graph) throws -> Graph {
    var result = graph
    for cut in cuts {
      let axisClass = classes[cut.axisClass]
      let dropped = Set(0..<(axisClass.extent.known ?? 0)).subtracting(cut.kept)
      for slice in axisClass.slices {
        guard let tensor = result.constant(slice.value), tensor.dtype.isFloat else { continue }
        let places = Set(dropped.flatMap { slice.places(of: $0) ?? [] })
        result.setConstant(try zeroed(tensor, slice.axis, places), of: slice.value)
      }
    }
    return result
  }

  private func zeroed(_ tensor: Tensor, _ axis: Int, _ places: Set<Int>) throws -> Tensor {
    let rowBytes = tensor.shape[(axis + 1)...].reduce(tensor.dtype.bitWidth / 8, *)
    return try Tensor(dtype: tensor.dtype, shape: tensor.shape) { target in
      tensor.withBytes { target.copyMemory(from: $0) }
      for row in 0..<(rowBytes == 0 ? 0 : target.count / rowBytes) where places.contains(row % tensor.shape[axis]) {
        for byte in row * rowBytes..<(row + 1) * rowBytes { target[byte] = 0 }
      }
    }
  }
}
