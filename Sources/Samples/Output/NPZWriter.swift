internal import CLibZip
import LatheDiagnostics
import LatheFiles
import LatheTensors

/// Writes .npz files that `numpy.load` reads; the same arrays give the same bytes.
///
/// Entries are stored, not compressed, in the order given. Types that numpy lacks are written in the numpy type that holds
/// their values exactly: float32 for bfloat16 and floats of at most 8 bits, int8 and uint8 for integers of 4 and 2 bits.
/// Strings become arrays of type U.
public enum NPZWriter {
  /// Midnight, January 1st 1980: the earliest date that zip files know.
  private static let date: (time: UInt16, day: UInt16) = (0, 0x21)

  /// Writes `arrays` to `path`: beside it first, then renamed, so that a failure leaves what was there before.
  ///
  /// - Throws: `file/unwritable` (exit code 73), `npz/duplicate` or `npz/name` for names that an .npz cannot have, and
  ///   `limit/tensor-bytes` for strings that would take too much as an array of numpy.
  public static func write(
    _ arrays: [NamedTensor], to path: String, limits: ResourceLimits = ResourceLimits()
  ) throws(Diagnostic) {
    try check(arrays)
    let destination = try OutputFile.destination(of: path)
    var payloads: [NPYPayload] = []
    for array in arrays { payloads.append(try NPYPayload(array, limits: limits)) }

    var code: CInt = 0
    guard let archive = zip_open(destination, ZIP_CREATE | ZIP_TRUNCATE, &code) else {
      var error = zip_error_t()
      zip_error_init_with_code(&error, code)
      defer { zip_error_fini(&error) }
      throw OutputFile.unwritable(path, String(cString: zip_error_strerror(&error)))
    }
    do {
      for (array, payload) in zip(arrays, payloads) { try add(payload, "\(array.name).npy", to: archive, path) }
    } catch {
      zip_discard(archive)
      throw error
    }
    let status = withExtendedLifetime(payloads) { zip_close(archive) }
    guard status == 0 else {
      let reason = String(cString: zip_strerror(archive))
      zip_discard(archive)
      throw OutputFile.unwritable(path, reason)
    }
  }

  private static func check(_ arrays: [NamedTensor]) throws(Diagnostic) {
    guard !arrays.isEmpty else { throw .invalid("npz/empty", "there are no arrays to write") }
    var names: Set<String> = []
    for array in arrays {
      guard names.insert(array.name).inserted else {
        throw .invalid("npz/duplicate", "two arrays are called \(array.name)", at: Location(value: array.name))
      }
      guard !array.name.utf8.contains(0), array.name.utf8.count < 60_000 else {
        throw .invalid(
          "npz/name", "the name of an array has a NUL character or is too long", at: Location(value: array.name))
      }
    }
  }

  private static func add(
    _ payload: NPYPayload, _ name: String, to archive: OpaquePointer, _ path: String
  ) throws(Diagnostic) {
    // libzip only reads the fragments, and they stay valid until the archive is closed.
    let header = fragment(payload.header.bytes)
    let elements = payload.elements.withBytes { fragment($0) }
    let source = [header, elements].withUnsafeBufferPointer {
      zip_source_buffer_fragment(archive, $0.baseAddress, 2, 0)
    }
    guard let source else { throw OutputFile.unwritable(path, String(cString: zip_strerror(archive))) }
    let index = zip_file_add(archive, name, source, zip_flags_t(ZIP_FL_ENC_UTF_8))
    guard index >= 0 else {
      zip_source_free(source)
      throw OutputFile.unwritable(path, String(cString: zip_strerror(archive)))
    }
    guard zip_set_file_compression(archive, UInt64(index), ZIP_CM_STORE, 0) == 0,
      zip_file_set_dostime(archive, UInt64(index), date.time, date.day, 0) == 0
    else { throw OutputFile.unwritable(path, String(cString: zip_strerror(archive))) }
  }

  private static func fragment(_ bytes: UnsafeRawBufferPointer) -> zip_buffer_fragment_t {
    let start = bytes.baseAddress.map { UnsafeMutableRawPointer(mutating: $0).assumingMemoryBound(to: UInt8.self) }
    return zip_buffer_fragment_t(data: start, length: UInt64(bytes.count))
  }
}
