internal import Foundation
import LatheDiagnostics

/// Reads whole small inputs (text, JSON, vocabularies); large weights are mapped instead, by `MappedFile`.
public enum InputFile {
  /// The bytes of the file, pipe or device at `path`.
  ///
  /// - Throws: `file/missing` (exit code 66) when it cannot be opened or read, `file/size` when it holds more than
  ///   `maximumBytes`.
  public static func bytes(of path: String, maximumBytes: Int) throws(Diagnostic) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path, errno) }
    defer { close(descriptor) }

    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw unreadable(path, errno) }
    let expected = Int(status.st_size)
    guard expected <= maximumBytes else { throw tooLarge(path, maximumBytes) }

    var bytes: [UInt8] = []
    bytes.reserveCapacity(max(expected, 0))
    while true {
      let chunk = max(min(expected - bytes.count, 1 << 24), 1 << 16)
      var failure: Int32 = 0
      let piece = [UInt8](unsafeUninitializedCapacity: chunk) { buffer, count in
        let got = read(descriptor, buffer.baseAddress, chunk)
        failure = got < 0 ? errno : 0
        count = max(got, 0)
      }
      if failure == EINTR { continue }
      guard failure == 0 else { throw unreadable(path, failure) }
      if piece.isEmpty { return bytes }
      bytes += piece
      guard bytes.count <= maximumBytes else { throw tooLarge(path, maximumBytes) }
    }
  }

  private static func unreadable(_ path: String, _ code: Int32) -> Diagnostic {
    Diagnostic(
      "file/missing", .missingInput, "cannot read \(path): \(String(cString: strerror(code)))",
      at: Location(file: path),
      fix: "check the path and its permissions")
  }

  private static func tooLarge(_ path: String, _ maximumBytes: Int) -> Diagnostic {
    .invalid(
      "file/size", "\(path) holds more than the \(maximumBytes) bytes expected of such a file",
      at: Location(file: path),
      fix: "check that this is the right file")
  }
}
