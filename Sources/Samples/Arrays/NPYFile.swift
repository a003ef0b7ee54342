import LatheDiagnostics
import LatheFiles
import LatheTensors

/// Reads an .npy file.
enum NPYFile {
  /// The array in the file at `path`; its elements stay in the mapped file where they can.
  static func read(path: String, fit: InputFit, limits: ResourceLimits) throws(Diagnostic) -> Tensor {
    var source = MappedSource(try MappedFile(path: path))
    return try NPYDecoder.tensor(from: &source, fit: fit, limits: limits)
  }
}
