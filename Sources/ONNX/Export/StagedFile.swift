internal import Foundation
import LatheDiagnostics

/// A file that gets its name only when it is complete: written beside, then renamed; removed if it is never finished.
final class StagedFile {
  /// Where the file will be.
  let destination: String
  private let temporary: String
  private var descriptor: Int32
  private var isPlaced = false
  private(set) var byteCount = 0

  /// Opens a temporary file in the folder of `path`.
  ///
  /// A link is followed, so that what it leads to is replaced.
  ///
  /// - Throws: `output/unwritable` with the system's reason; so do all methods.
  init(_ path: String) throws(Diagnostic) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw Self.unwritable(path, "the path is empty or contains a NUL byte")
    }
    destination = Self.resolved(path)
    var status = stat()
    let exists = stat(destination, &status) == 0
    if exists, status.st_mode & S_IFMT != S_IFREG {
      throw Self.unwritable(path, status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is not a regular file")
    }
    (temporary, descriptor) = try Self.open(beside: destination)
    // A replaced file keeps its permissions.
    if exists { fchmod(descriptor, status.st_mode & 0o777) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !isPlaced { unlink(temporary) }
  }

  /// Appends `bytes`.
  func write(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) {
    guard let start = bytes.baseAddress else { return }
    var position = 0
    while position < bytes.count {
      let count = Foundation.write(descriptor, start + position, bytes.count - position)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.unwritable(destination, Self.reason) }
      position += count
    }
    byteCount += bytes.count
  }

  /// Ends writing; errors that the system kept back come out here.
  func finish() throws(Diagnostic) {
    guard descriptor >= 0 else { return }
    let status = close(descriptor)
    descriptor = -1
    guard status == 0 else { throw Self.unwritable(destination, Self.reason) }
  }

  /// Gives the file its name, in place of what had it.
  func place() throws(Diagnostic) {
    guard rename(temporary, destination) == 0 else { throw Self.unwritable(destination, Self.reason) }
    isPlaced = true
  }

  private static var reason: String { String(cString: strerror(errno)) }

  private static func unwritable(_ path: String, _ reason: String) -> Diagnostic {
    Diagnostic(
      "output/unwritable", .unwritableOutput, "cannot write the file: \(reason)", at: Location(file: path),
      fix: "give a path in an existing folder that you may write to")
  }

  private static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  private static func open(beside path: String) throws(Diagnostic) -> (String, Int32) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    for attempt in 0..<1000 {
      let name = "\(folder).lathe-\(getpid())-\(attempt).part"
      let descriptor = Foundation.open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return (name, descriptor) }
      guard errno == EEXIST else { break }
    }
    throw unwritable(path, reason)
  }
}
