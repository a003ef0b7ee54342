import LatheDiagnostics
import LatheTensors

/// The bytes of one .npy file: its header, and its elements without a copy where numpy has the type.
struct NPYPayload {
  let header: TensorStorage
  let elements: Tensor

  init(_ array: NamedTensor, limits: ResourceLimits) throws(Diagnostic) {
    let descr: String
    if let strings = array.tensor.strings {
      let (encoded, width) = try Self.encoded(strings, array, limits)
      elements = encoded
      descr = "<U\(width)"
    } else {
      elements = try CarrierType.widened(array.tensor)
      guard let plain = NPYHeaderText.descr(elements.dtype) else {
        throw Diagnostic("npz/dtype", .internalFault, "there is no numpy type for \(array.tensor.dtype)")
      }
      descr = plain
    }
    let bytes = NPYHeaderText.bytes(descr: descr, shape: array.tensor.shape)
    header = try TensorStorage(byteCount: bytes.count) { $0.copyBytes(from: bytes) }
  }

  /// Code points of 4 bytes, each string filled with zeros up to the longest.
  private static func encoded(
    _ strings: [String], _ array: NamedTensor, _ limits: ResourceLimits
  ) throws(Diagnostic) -> (Tensor, width: Int) {
    let width = max(1, strings.map(\.unicodeScalars.count).max() ?? 1)
    let (count, overflow) = width.multipliedReportingOverflow(by: strings.count)
    guard !overflow, count <= limits.tensorBytes / 4 else {
      throw limits.exceeded(
        "tensor-bytes", "\(strings.count) strings of up to \(width) characters take more as an array of numpy",
        at: Location(value: array.name))
    }
    if let bad = strings.firstIndex(where: { $0.unicodeScalars.last == "\0" }) {
      throw .invalid(
        "npz/string", "string \(bad) of \(array.name) ends in a NUL character, which arrays of numpy cannot hold",
        at: Location(value: array.name), fix: "write the outputs in another form")
    }
    let tensor = try Tensor(of: UInt32.self, shape: [count]) { (target) throws(Diagnostic) in
      for (index, string) in strings.enumerated() {
        for (offset, scalar) in string.unicodeScalars.enumerated() { target[index * width + offset] = scalar.value }
      }
    }
    return (tensor, width)
  }
}
