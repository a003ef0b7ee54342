import LatheDiagnostics
import LatheOperators
import LatheTensors

/// Weights as codes and scales, and the operator that makes floats of them.
struct StoredWeights {
  let codes: Tensor
  let scales: Tensor
  let op: DequantizeLinear

  /// - Parameter block: inputs that share a scale; 0 for all of an output, −1 for what suits the bits.
  init(_ weights: Tensor, _ site: WeightSite, bits: Int, block: Int) throws(Diagnostic) {
    let shape = weights.shape
    let block = block == -1 ? (bits == 4 ? 32 : 0) : block
    let blocks: BlockScales
    if block == 0, let axis = site.outputs, axis == 0 || shape.count == 2 {
      let matrix = axis == 0 ? [shape[0], weights.elementCount / shape[0]] : shape
      blocks = BlockScales(weights, matrix, along: 1 - axis, size: matrix[1 - axis], bits: bits)
      (op, scales) = (DequantizeLinear(axis: axis), try blocks.scales().reshaped(to: [shape[axis]]))
    } else {
      let size = block == 0 ? shape[site.inputs] : min(block, shape[site.inputs])
      blocks = BlockScales(weights, shape, along: site.inputs, size: size, bits: bits)
      (op, scales) = (DequantizeLinear(axis: site.inputs, blockSize: blocks.size), try blocks.scales())
    }
    codes = try blocks.codes()
  }

  /// Of codes and scales.
  var byteCount: Int { codes.byteCount + scales.byteCount }
}
