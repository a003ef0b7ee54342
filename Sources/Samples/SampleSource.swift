internal import Foundation
import LatheDiagnostics
import LatheFiles
import LatheTensors

/// What kind of samples a path holds: by the name's ending, or else by the first bytes.
enum SampleSource {
  case folder, npz, npy, tensorProto, jsonLines, plainText

  init(path: String) throws(Diagnostic) {
    var status = stat()
    guard !path.utf8.contains(0), stat(path, &status) == 0 else {
      let reason = path.utf8.contains(0) ? "the path contains a NUL byte" : String(cString: strerror(errno))
      throw Diagnostic(
        "file/missing", .missingInput, "cannot open the samples: \(reason)", at: Location(file: path),
        fix: "check the path and its permissions")
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      self = .folder
      return
    }
    let name = path.lowercased()
    if name.hasSuffix(".npz") {
      self = .npz
    } else if name.hasSuffix(".npy") {
      self = .npy
    } else if name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") {
      self = .jsonLines
    } else if name.hasSuffix(".txt") {
      self = .plainText
    } else if name.hasSuffix(".pb") {
      self = .tensorProto
    } else {
      try self.init(contentOf: path)
    }
  }

  private init(contentOf path: String) throws(Diagnostic) {
    let file = try MappedFile(path: path).prefix(6)
    if file.starts(with: [0x50, 0x4B]) {
      self = .npz
    } else if file == NPYHeader.magic {
      self = .npy
    } else if file.first == UInt8(ascii: "{") {
      self = .jsonLines
    } else {
      throw .invalid(
        "samples/kind", "the name and the first bytes of this file do not tell what samples it holds",
        at: Location(file: path), fix: "give a .npz, .npy, .jsonl or .txt file, or a folder of .pb files")
    }
  }
}
