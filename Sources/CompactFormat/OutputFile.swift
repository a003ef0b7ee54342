internal import Foundation
import LatheDiagnostics

/// A file that takes its name only once it is complete, and leaves nothing behind if it never is.
final class OutputFile {
  private let target: String
  private let temporary: String
  private let descriptor: Int32
  private var isOpen = true

  /// Creates a file beside the one at `path`, which is not touched; a symbolic link is followed.
  ///
  /// - Throws: `file/unwritable` (`.unwritableOutput`) with the system's reason; so do all methods.
  init(path: String) throws(Diagnostic) {
    guard !path.isEmpty, !path.utf8.contains(0) else { throw Self.unwritable(path, "this is no path") }
    var status = stat()
    let exists = stat(path, &status) == 0
    guard !exists || status.st_mode & S_IFMT == S_IFREG else {
      throw Self.unwritable(path, status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is not a regular file")
    }
    target = exists ? Self.resolved(path) : path
    let (temporary, descriptor) = Self.create(beside: target)
    guard descriptor >= 0 else { throw Self.unwritable(path, String(cString: strerror(errno))) }
    self.temporary = temporary
    self.descriptor = descriptor
  }

  deinit {
    guard isOpen else { return }
    close(descriptor)
    unlink(temporary)
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) {
    var written = 0
    while written < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.unwritable(target, String(cString: strerror(errno))) }
      written += count
    }
  }

  func write(_ bytes: [UInt8]) throws(Diagnostic) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(Diagnostic) in try write(UnsafeRawBufferPointer(buffer)) }
  }

  /// Gives the file its name, in place of one that had it before.
  func commit() throws(Diagnostic) {
    isOpen = false
    let closed = close(descriptor)
    guard closed == 0, rename(temporary, target) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(temporary)
      throw Self.unwritable(target, reason)
    }
  }

  private static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// Creates a file with a free name in the same folder; the descriptor is negative, with `errno` set, if that fails.
  private static func create(beside path: String) -> (String, Int32) {
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    var name = ""
    var descriptor: Int32 = -1
    for attempt in 0..<100 {
      name = "\(path[..<slash]).\(path[slash...].prefix(100)).\(getpid()).\(attempt).part"
      descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 || errno != EEXIST { break }
    }
    return (name, descriptor)
  }

  private static func unwritable(_ path: String, _ reason: String) -> Diagnostic {
    Diagnostic(
      "file/unwritable", .unwritableOutput, "cannot write the file: \(reason)", at: Location(file: path),
      fix: "give a path in a folder that exists, can be written to and has room")
  }
}
