internal import COnnx
import LatheDiagnostics
import LatheFiles
import LatheTensors

/// Reads files that hold one tensor, such as `input_0.pb` of a test data set.
public enum ONNXTensorFile {
  /// The tensor in the file and its name, which may be empty.
  ///
  /// - Throws: `onnx/…`, `limit/…` and `file/…`, with the file.
  public static func read(
    path: String, limits: ResourceLimits = ResourceLimits()
  ) throws(Diagnostic) -> (name: String, tensor: Tensor) {
    let file = try MappedFile(path: path)
    do throws(Diagnostic) {
      let decoded = try DecodedTensor(file.bytes, owner: file, file: path, limits: limits)
      defer { withExtendedLifetime(decoded) {} }
      let name = try ModelReader.text(decoded.decoded.message.pointee.name, "the tensor's name")
      let reader = TensorReader(payloads: decoded.decoded.payloads, limits: limits, external: nil)
      return (name, try reader.read(decoded.decoded.message))
    } catch {
      throw error.located(in: Location(file: path))
    }
  }
}
