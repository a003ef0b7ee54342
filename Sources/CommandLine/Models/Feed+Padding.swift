import LatheDiagnostics
import LatheIR
import LatheSamples
import LatheTensors

extension Feed {
  /// The places of a value that stand for tokens, as one list of rows: what a model makes of padding is nobody's business.
  ///
  /// An extent that the model fixes is none of tokens, though it may be as long as a batch is padded, unless the model fixes their number as well.
  ///
  /// - Parameter id: the value in the graph, whose declared type counts; nil where there is none.
  /// - Returns: [tokens, …] for a value [rows, padded length, …] of a padded batch; any other value as it is.
  func withoutPadding(_ output: Tensor, of id: ValueID?, in graph: Graph) throws(Diagnostic) -> Tensor {
    guard let lengths = tokens(of: output, id, in: graph), let paddedLength, output.dtype.bitWidth >= 8 else { return output }
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

  /// The lengths of the rows of an output that has a number for each token, [rows, padded length]: what `withoutPadding` leaves of it is
  /// a vector for each sample. nil for any other output.
  func rowLengths(of output: Tensor, _ id: ValueID?, in graph: Graph) -> [Int]? {
    output.rank == 2 ? tokens(of: output, id, in: graph) : nil
  }

  /// Tokens of each sample in a value that has rows of tokens; nil for any other.
  private func tokens(of output: Tensor, _ id: ValueID?, in graph: Graph) -> [Int]? {
    if let shape = id.flatMap({ graph[$0].type?.tensor?.shape }), shape.count > 1, shape[1].known != nil, !graph.fixesLength { return nil }
    guard let lengths, output.rank >= 2, output.shape[0] >= lengths.count, output.shape[1] == paddedLength else { return nil }
    return lengths
  }
}

extension Graph {
  /// Whether an input of ids has a second extent that is a number.
  var fixesLength: Bool {
    inputs.contains { id in
      guard let type = self[id].type?.tensor, type.dtype == .int64 || type.dtype == .int32, let shape = type.shape else { return false }
      return shape.count == 2 && shape[1].known != nil
    }
  }
}
