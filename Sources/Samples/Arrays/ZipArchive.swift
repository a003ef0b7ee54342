internal import CLibZip
import LatheDiagnostics

/// A zip file opened for reading with libzip; closed when the last reference goes.
final class ZipArchive {
  /// What the directory says about one entry.
  struct Entry {
    var index: UInt64
    var name: String
    /// Bytes once inflated, as promised.
    var size: Int
  }

  /// Deflate cannot make more bytes of one (zlib's documentation).
  private static let largestExpansion = 1032

  private let handle: OpaquePointer

  /// - Throws: `npz/zip` if the file is no zip file or is damaged.
  init(path: String) throws(Diagnostic) {
    var code: CInt = 0
    guard let handle = zip_open(path, ZIP_RDONLY, &code) else {
      var error = zip_error_t()
      zip_error_init_with_code(&error, code)
      defer { zip_error_fini(&error) }
      throw .invalid(
        "npz/zip", "this is no usable zip file: \(String(cString: zip_error_strerror(&error)))",
        fix: "save the arrays with numpy.savez or numpy.savez_compressed")
    }
    self.handle = handle
  }

  deinit { zip_discard(handle) }

  /// Number of entries.
  var count: Int { Int(clamping: zip_get_num_entries(handle, 0)) }

  /// The name of an entry, or nil if it has none.
  func name(at index: Int) -> String? {
    zip_get_name(handle, UInt64(index), 0).map { String(cString: $0) }
  }

  /// What is known of an entry that is to be read.
  ///
  /// - Throws: `npz/entry` if it cannot be read or promises more bytes than its compressed ones can hold.
  func entry(at index: Int, named name: String) throws(Diagnostic) -> Entry {
    var status = zip_stat_t()
    zip_stat_init(&status)
    let needed = UInt64(ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD)
    guard zip_stat_index(handle, UInt64(index), 0, &status) == 0, status.valid & needed == needed else {
      throw Self.unusable(name, "its directory entry is damaged")
    }
    guard status.encryption_method == ZIP_EM_NONE else { throw Self.unusable(name, "it is encrypted") }
    guard let size = Int(exactly: status.size), let packed = Int(exactly: status.comp_size) else {
      throw Self.unusable(name, "it claims \(status.size) bytes")
    }
    switch Int32(status.comp_method) {
    case ZIP_CM_STORE:
      guard size == packed else { throw Self.unusable(name, "it is stored in \(packed) bytes but claims \(size)") }
    case ZIP_CM_DEFLATE:
      let (most, overflow) = packed.multipliedReportingOverflow(by: Self.largestExpansion)
      guard overflow || size <= most else {
        throw Self.unusable(name, "it claims \(size) bytes, which \(packed) compressed ones cannot hold")
      }
    default: throw Self.unusable(name, "its compression method \(status.comp_method) is none that numpy uses")
    }
    return Entry(index: UInt64(index), name: name, size: size)
  }

  /// The bytes of `entry`.
  func open(_ entry: Entry) throws(Diagnostic) -> ZipEntrySource {
    guard let file = zip_fopen_index(handle, entry.index, 0) else {
      throw Self.unusable(entry.name, String(cString: zip_strerror(handle)))
    }
    return ZipEntrySource(file: file, name: entry.name, size: entry.size)
  }

  fileprivate static func unusable(_ name: String, _ why: String) -> Diagnostic {
    .invalid(
      "npz/entry", "the entry \(name.prefix(200)) cannot be read: \(why)", fix: "save the arrays again with numpy.savez"
    )
  }
}

/// The inflated bytes of one entry; valid while its archive is open.
final class ZipEntrySource: ByteSource {
  private let file: OpaquePointer
  private let name: String
  private(set) var remaining: Int

  fileprivate init(file: OpaquePointer, name: String, size: Int) {
    self.file = file
    self.name = name
    remaining = size
  }

  deinit { zip_fclose(file) }

  func fill(_ target: UnsafeMutableRawBufferPointer, with what: String) throws(Diagnostic) {
    guard target.count <= remaining else { throw Self.truncated(what, needed: target.count, left: remaining) }
    var filled = 0
    while filled < target.count {
      let got = try read(into: UnsafeMutableRawBufferPointer(rebasing: target[filled...]))
      guard got > 0 else { throw Self.truncated(what, needed: target.count, left: filled) }
      filled += got
    }
    remaining -= filled
  }

  /// Reading past the last byte makes libzip compare the checksum.
  func finish() throws(Diagnostic) {
    guard remaining == 0 else { throw Self.trailing(remaining) }
    let extra = try withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { (spare) throws(Diagnostic) in
      try read(into: spare)
    }
    guard extra == 0 else { throw ZipArchive.unusable(name, "it holds more bytes than it claims") }
  }

  private func read(into target: UnsafeMutableRawBufferPointer) throws(Diagnostic) -> Int {
    let got = zip_fread(file, target.baseAddress, UInt64(min(target.count, 1 << 30)))
    guard got >= 0 else {
      throw ZipArchive.unusable(name, String(cString: zip_file_strerror(file)))
    }
    return Int(got)
  }
}
