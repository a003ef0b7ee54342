internal import Foundation
import LatheDiagnostics

/// A file mapped read-only into memory; unmapped when the last reference goes.
///
/// Pages are read when they are touched, and shared with every process that maps the same file.
public final class MappedFile: @unchecked Sendable {
  /// Path as it was given.
  public let path: String
  /// The file's bytes, valid as long as this object lives: whoever keeps them keeps the object too.
  public let bytes: UnsafeRawBufferPointer

  /// Maps the regular file at `path`.
  ///
  /// - Throws: `file/missing` or `file/unreadable` (`.missingInput`), `file/not-regular` for folders, pipes and devices.
  public init(path: String) throws(Diagnostic) {
    let location = Location(file: path)
    guard !path.utf8.contains(0) else {
      throw Diagnostic("file/missing", .missingInput, "the path contains a NUL byte", at: location)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let reason = String(cString: strerror(errno))
      let id = errno == ENOENT ? "file/missing" : "file/unreadable"
      throw Diagnostic(id, .missingInput, "cannot open the file: \(reason)", at: location)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw Diagnostic("file/unreadable", .missingInput, "cannot read the file's size", at: location)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Diagnostic.invalid("file/not-regular", "this is not a regular file", at: location)
    }
    self.path = path
    let size = Int(status.st_size)
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let start, start != MAP_FAILED else {
      let reason = String(cString: strerror(errno))
      throw Diagnostic("file/unreadable", .missingInput, "cannot map the file: \(reason)", at: location)
    }
    bytes = UnsafeRawBufferPointer(start: start, count: size)
  }

  /// The first bytes, at most `count`, as a copy.
  public func prefix(_ count: Int) -> [UInt8] { Array(bytes.prefix(count)) }

  /// Tells the kernel that the pages read so far are no longer needed, so that they stop counting as this process's memory.
  ///
  /// The bytes stay valid; touching them reads the file again.
  public func dropPages() {
    guard let start = bytes.baseAddress else { return }
    madvise(UnsafeMutableRawPointer(mutating: start), bytes.count, MADV_DONTNEED)
  }

  deinit {
    guard let start = bytes.baseAddress else { return }
    munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
  }
}
