internal import CLatheKernels
import LatheIR
import LatheOperators
import LatheTensors

/// Transpose of elements of 32 bits.
struct PermuteKernel: Kernel {
  private let x, y: ValueID
  private let extents, strides: [Int]

  init?(_ site: KernelSite, _ op: Transpose) {
    guard let type = site.input(0), type.dtype == .float32 || type.dtype == .int32, let x = site.node.inputs[0],
      let y = site.node.outputs[0], let result = site.outputs[0], !result.shape.contains(0),
      (1...LATHE_PERMUTE_MOST_AXES).contains(type.shape.count)
    else { return nil }
    let permutation = op.permutation ?? Array(type.shape.indices.reversed())
    var (all, stride) = (type.shape, 1)
    for axis in type.shape.indices.reversed() {
      all[axis] = stride
      stride *= type.shape[axis]
    }
    (self.x, self.y, extents, strides) = (x, y, result.shape, permutation.map { all[$0] })
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var permute = lathe_permute_f32()
    permute.rank = extents.count
    withUnsafeMutableBytes(of: &permute.extents) { $0.withMemoryRebound(to: Int.self) { _ = $0.update(fromContentsOf: extents) } }
    withUnsafeMutableBytes(of: &permute.strides) { $0.withMemoryRebound(to: Int.self) { _ = $0.update(fromContentsOf: strides) } }
    (permute.x, permute.y) = (UnsafePointer(memory.floats(x)), memory.floats(y))
    lathe_parallel_permute_f32(pool.handle, pool.kernels, &permute)
    return true
  }
}
