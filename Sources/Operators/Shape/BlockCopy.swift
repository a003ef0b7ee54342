internal import Foundation
import LatheDiagnostics
import LatheTensors

/// A run of consecutive elements in one of several source tensors.
struct ElementRun {
  var source: Int
  var start: Int
  var count: Int
}

extension Tensor {
  /// A tensor of `shape` whose elements are the runs of `sources` one after the other; works on every type.
  ///
  /// `visit` calls its argument with every run, in order; they fill the shape exactly and stay inside their sources.
  init(
    dtype: DType, shape: [Int], copying sources: [Tensor], _ visit: (_ emit: (ElementRun) -> Void) -> Void
  ) throws(Diagnostic) {
    if dtype == .string {
      let lists = sources.map { $0.strings ?? [] }
      var result: [String] = []
      visit { run in result.append(contentsOf: lists[run.source][run.start..<run.start + run.count]) }
      self = try Tensor(strings: result, shape: shape)
      return
    }
    if dtype.isPacked {
      let lists = sources.map { $0.codes ?? [] }
      var result: [UInt8] = []
      visit { run in result.append(contentsOf: lists[run.source][run.start..<run.start + run.count]) }
      let packed = PackedElements.pack(result, bitWidth: dtype.bitWidth)
      self = try Tensor(dtype: dtype, shape: shape) { $0.copyBytes(from: packed) }
      return
    }
    let width = dtype.bitWidth / 8
    self = try Tensor(dtype: dtype, shape: shape) { target in
      var position = 0
      visit { run in
        sources[run.source].withBytes { bytes in
          guard run.count > 0, let from = bytes.baseAddress, let to = target.baseAddress else { return }
          memcpy(to + position, from + run.start * width, run.count * width)
        }
        position += run.count * width
      }
    }
  }
}
