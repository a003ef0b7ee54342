import LatheDiagnostics
import LatheFiles
import LatheTensors

/// The file of weights beside a model, while it is laid out: tensors one after another, each at a multiple of 64 bytes.
struct ExternalData {
  static let alignment = 64

  /// Name of the file, relative to the model's folder.
  let location: String
  /// Tensors of fewer bytes stay in the model.
  let threshold: Int
  private var tensors: [(offset: Int, tensor: Tensor)] = []
  /// Bytes of the file.
  private(set) var byteCount = 0

  init(location: String, threshold: Int) {
    self.location = location
    self.threshold = threshold
  }

  var isEmpty: Bool { tensors.isEmpty }

  /// Gives the tensor a place if it belongs here.
  mutating func add(_ tensor: Tensor) -> Int? {
    guard tensor.dtype != .string, tensor.byteCount > 0, tensor.byteCount >= threshold else { return nil }
    let offset = (byteCount + Self.alignment - 1) / Self.alignment * Self.alignment
    tensors.append((offset, tensor))
    byteCount = offset + tensor.byteCount
    return offset
  }

  /// Gives the file's bytes to `sink`, in order.
  func write(to sink: ByteSink) throws(Diagnostic) {
    let padding = [UInt8](repeating: 0, count: Self.alignment)
    var position = 0
    for (offset, tensor) in tensors {
      try padding.withUnsafeBufferPointer { zeros throws(Diagnostic) in
        try sink(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: zeros[..<(offset - position)])))
      }
      try tensor.stream(to: sink)
      position = offset + tensor.byteCount
    }
  }
}
