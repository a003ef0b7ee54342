internal import Foundation
import LatheDiagnostics

/// A file that takes its name only once it is complete: written beside, then renamed; gone if it is never committed.
///
/// Until then it has no name at all, where the file system can do that, so that it goes with the process however that ends. Elsewhere it
/// is removed when it is let go, and when a signal ends the process.
public final class OutputFile {
  /// Where the file will be.
  public let destination: String
  /// Bytes written so far.
  public private(set) var byteCount = 0
  /// Its name for the time being; nil where it has none.
  private var temporary: Interruption.Path?
  private var descriptor: Int32

  /// Creates a file in the folder of the one at `path`, which is not touched before `commit`.
  ///
  /// A symbolic link is followed, so that what it leads to is replaced; a replaced file's permissions are kept.
  ///
  /// - Throws: `file/unwritable` (`.unwritableOutput`) with the system's reason; so do all methods.
  public init(path: String) throws(Diagnostic) {
    destination = try Self.destination(of: path)
    (descriptor, temporary) = Self.create(in: Self.folder(of: destination))
    guard descriptor >= 0 else { throw Self.unwritable(path, Self.reason) }
    var status = stat()
    if stat(destination, &status) == 0 { fchmod(descriptor, status.st_mode & 0o777) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if let temporary {
      unlink(temporary.text)
      temporary.forget()
    }
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
    // The file itself stays open: without a name, it would be gone.
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0, close(copy) == 0 else { throw Self.unwritable(destination, Self.reason) }
  }

  /// Gives the file its name, in place of one that had it before.
  public func commit() throws(Diagnostic) {
    try finish()
    try Interruption.deferred { () throws(Diagnostic) in
      if temporary == nil { temporary = named() }
      guard let temporary, rename(temporary.text, destination) == 0 else { throw Self.unwritable(destination, Self.reason) }
      temporary.forget()
    }
    temporary = nil
    close(descriptor)
    descriptor = -1
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

  private static func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./" }

  /// O_TMPFILE, which is not imported.
  private static let withoutName = 0o20000000 | O_DIRECTORY

  /// Creates a file without a name, or else with a free one; the descriptor is negative, with `errno` set, if that fails.
  private static func create(in folder: String) -> (Int32, Interruption.Path?) {
    let nameless = open(folder, O_WRONLY | O_CLOEXEC | withoutName, 0o666)
    if nameless >= 0 {
      if access(link(to: nameless), F_OK) == 0 { return (nameless, nil) }
      close(nameless)
    }
    return Interruption.deferred {
      var descriptor: Int32 = -1
      let name = freeName(in: folder) { name in
        descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        return descriptor >= 0
      }
      return (descriptor, name)
    }
  }

  /// Gives a file that has no name a free one; nil, with `errno` set, if that fails.
  private func named() -> Interruption.Path? {
    Self.freeName(in: Self.folder(of: destination)) { name in
      linkat(AT_FDCWD, Self.link(to: descriptor), AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0
    }
  }

  /// Where the system shows a descriptor of this process as a file.
  private static func link(to descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

  /// The first name that `create` can make a file of.
  private static func freeName(in folder: String, _ create: (String) -> Bool) -> Interruption.Path? {
    for attempt in 0..<1000 {
      let name = "\(folder).lathe-\(getpid())-\(attempt).part"
      if create(name) { return Interruption.Path(name) }
      guard errno == EEXIST else { return nil }
    }
    return nil
  }
}
