internal import Foundation
import LatheDiagnostics

/// A file that takes its name only once it is complete: written beside, then renamed; removed if it is never committed.
public final class OutputFile {
  /// Where the file will be.
  public let destination: String
  /// Bytes written so far.
  public private(set) var byteCount = 0
  private let temporary: String
  private var descriptor: Int32
  private var isCommitted = false

  /// Creates a file in the folder of the one at `path`, which is not touched before `commit`.
  ///
  /// A symbolic link is followed, so that what it leads to is replaced; a replaced file's permissions are kept.
  ///
  /// - Throws: `file/unwritable` (`.unwritableOutput`) with the system's reason; so do all methods.
  public init(path: String) throws(Diagnostic) {
    destination = try Self.destination(of: path)
    let (temporary, descriptor) = Self.create(beside: destination)
    guard descriptor >= 0 else { throw Self.unwritable(path, Self.reason) }
    self.temporary = temporary
    self.descriptor = descriptor
    var status = stat()
    if stat(destination, &status) == 0 { fchmod(descriptor, status.st_mode & 0o777) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !isCommitted { unlink(temporary) }
  }

  /// Appends `bytes`.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) {
    var written = 0
    while written < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.unwritable(destination, Self.reason) }
      written += count
    }
    byteCount += bytes.count
  }

  /// Appends `bytes`.
  public func write(_ bytes: [UInt8]) throws(Diagnostic) {
    let result = bytes.withUnsafeBytes { bytes in Result { () throws(Diagnostic) in try write(bytes) } }
    try result.get()
  }

  /// Ends writing; errors that the system kept back come out here.
  public func finish() throws(Diagnostic) {
    guard descriptor >= 0 else { return }
    let status = close(descriptor)
    descriptor = -1
    guard status == 0 else { throw Self.unwritable(destination, Self.reason) }
  }

  /// Gives the file its name, in place of one that had it before.
  public func commit() throws(Diagnostic) {
    try finish()
    guard rename(temporary, destination) == 0 else { throw Self.unwritable(destination, Self.reason) }
    isCommitted = true
  }

  /// Writes a whole file at once.
  ///
  /// - Throws: `file/unwritable` if it cannot be written; then there is no file.
  public static func write(_ bytes: [UInt8], to path: String) throws(Diagnostic) {
    let file = try OutputFile(path: path)
    try file.write(bytes)
    try file.commit()
  }

  /// What writing to `path` would replace: links are followed.
  ///
  /// - Throws: `file/unwritable` for what renaming must not replace, such as a folder, device or pipe.
  public static func destination(of path: String) throws(Diagnostic) -> String {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw unwritable(path, "the path is empty or contains a NUL byte")
    }
    var status = stat()
    guard stat(path, &status) == 0 else { return path }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw unwritable(path, status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is not a regular file")
    }
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// The diagnostic for an output that cannot be written.
  public static func unwritable(_ path: String, _ reason: String) -> Diagnostic {
    Diagnostic(
      "file/unwritable", .unwritableOutput, "cannot write the file: \(reason)", at: Location(file: path),
      fix: "give a path in a folder that exists, can be written to and has room")
  }

  private static var reason: String { String(cString: strerror(errno)) }

  /// Creates a file with a free name in the same folder; the descriptor is negative, with `errno` set, if that fails.
  private static func create(beside path: String) -> (String, Int32) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    var name = ""
    var descriptor: Int32 = -1
    for attempt in 0..<1000 {
      name = "\(folder).lathe-\(getpid())-\(attempt).part"
      descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 || errno != EEXIST { break }
    }
    return (name, descriptor)
  }
}
