import LatheDiagnostics
import LatheTensors

/// Arrays in a file of numpy's, whatever they are for.
public enum ArrayFile {
  /// The arrays of an .npz file by name.
  ///
  /// - Throws: `file/missing`, `npz/…`, `npy/…` and `limit/tensor-bytes`, with the file.
  public static func read(path: String, limits: ResourceLimits = ResourceLimits()) throws(Diagnostic) -> [String: Tensor] {
    do throws(Diagnostic) {
      return try NPZReader.arrays(path: path, limits: limits)
    } catch {
      throw error.located(in: Location(file: path))
    }
  }
}
