internal import Crypto
internal import Foundation
import LatheDiagnostics
import LatheFiles
import LatheJSON
import LatheTensors

/// SHA-256 of the files a model consists of.
enum SourceDigest {
  /// A file's name, size and digest, for the record; those of a folder's files in the order of their names.
  static func describe(_ path: String) throws(Diagnostic) -> JSONValue {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      var files: [JSONValue] = []
      for name in (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? [] { files.append(try describe("\(path)/\(name)")) }
      return ["folder": .string((path as NSString).lastPathComponent), "files": .array(files)]
    }
    let file = try MappedFile(path: path)
    return [
      "file": .string((path as NSString).lastPathComponent), "bytes": .integer(Int64(file.bytes.count)),
      "sha256": .string(digest(file)),
    ]
  }

  /// The digest in hexadecimal; pages are let go as they are read.
  static func digest(_ file: MappedFile) -> String {
    var hasher = SHA256()
    let chunk = 8 << 20
    for start in stride(from: 0, to: file.bytes.count, by: chunk) {
      hasher.update(
        bufferPointer: UnsafeRawBufferPointer(rebasing: file.bytes[start..<min(start + chunk, file.bytes.count)]))
      file.dropPages()
    }
    return hexadecimal(hasher.finalize())
  }

  static func hexadecimal(_ digest: SHA256.Digest) -> String { digest.map { String(format: "%02x", $0) }.joined() }
}
