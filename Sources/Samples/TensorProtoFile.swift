import LatheDiagnostics
import LatheTensors

/// Reads an ONNX `TensorProto` from a file.
enum TensorProtoFile {
  static func read(path: String, limits: ResourceLimits) throws(Diagnostic) -> (name: String, tensor: Tensor) {
    throw .invalid("samples/pb", "files of ONNX tensors cannot be read yet", at: Location(file: path))
  }
}
