import LatheDiagnostics
import LatheSamples
import LatheTensors

extension Feed {
  /// The places of an output that stand for tokens, as one list of rows: what a model makes of padding is nobody's business.
  ///
  /// - Returns: [tokens, …] for an output [rows, padded length, …] of a padded batch; any other output as it is.
  func withoutPadding(_ output: Tensor) throws(Diagnostic) -> Tensor {
    guard let lengths, let paddedLength, output.rank >= 2, output.shape[0] >= lengths.count, output.shape[1] == paddedLength,
      output.dtype.bitWidth >= 8
    else { return output }
    let rest = Array(output.shape[2...])
    let size = rest.reduce(output.dtype.bitWidth / 8, *)
    let (dtype, count) = (output.dtype, lengths.reduce(0, +))
    return try Tensor(dtype: dtype, shape: [count] + (rest.isEmpty ? [1] : rest)) { target in
      output.withBytes { source in
        var end = 0
        for (row, length) in lengths.enumerated() {
          let first = row * paddedLength * size
          let part = UnsafeRawBufferPointer(rebasing: source[first..<first + length * size])
          UnsafeMutableRawBufferPointer(rebasing: target[end...]).copyMemory(from: part)
          end += part.count
        }
      }
    }
  }
}
