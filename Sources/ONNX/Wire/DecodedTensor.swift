internal import COnnx
import LatheDiagnostics
import LatheFiles

/// A file that holds one tensor, such as `input_0.pb` of a test data set.
package final class DecodedTensor {
  let decoded: DecodedMessage<Lathe__Onnx__TensorProto>

  /// Decodes `bytes`, which must stay valid while `owner` lives.
  ///
  /// Throws what is wrong and where.
  package init(
    _ bytes: UnsafeRawBufferPointer, owner: AnyObject?, file: String? = nil, limits: ResourceLimits = ResourceLimits()
  ) throws(Diagnostic) {
    do throws(Diagnostic) {
      decoded = try DecodedMessage(bytes, owner: owner, lathe__onnx__tensor_proto__init, limits: limits)
      guard decoded.message.pointee.has_data_type != 0 else {
        throw .invalid(
          "onnx/no-data-type", "the file has no data_type, so it is not an ONNX tensor",
          fix: "give a file with one TensorProto, as in a test_data_set folder")
      }
    } catch {
      throw error.located(in: Location(file: file))
    }
  }

  /// What was left out of the tensor.
  package var warnings: [Diagnostic] { decoded.warnings }

  /// Length of each axis, unchecked.
  package var dims: [Int64] {
    Array(UnsafeBufferPointer(start: decoded.message.pointee.dims, count: decoded.message.pointee.n_dims))
  }

  /// Number of the element type in ONNX, unchecked.
  package var dataType: Int32 { decoded.message.pointee.data_type }

  /// The elements, where they lie in the file.
  var payload: TensorPayload {
    decoded.payloads.payload(
      start: decoded.message.pointee.payload_start, count: decoded.message.pointee.payload_count)
  }

  /// Gives the tensor's bytes to `sink`: the same tensor, its fields in the order of their numbers.
  package func write(to sink: ByteSink) throws(Diagnostic) {
    try decoded.writer().write(to: sink)
  }
}
