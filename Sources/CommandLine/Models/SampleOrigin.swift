import LatheDiagnostics
import LatheJSON
import OrderedCollections

/// Where samples come from, so that a comparison can be made again on the same ones.
enum SampleOrigin {
  case file(String)
  /// Made from a seed; the digest is of all the tensors.
  case generated(seed: UInt64, digest: String, parts: [String])

  /// For reports: a file's digest is its SHA-256; a folder has none.
  ///
  /// - Throws: a diagnostic if the file cannot be read again.
  func json() throws(Diagnostic) -> JSONValue {
    switch self {
    case .file(let path):
      let described = try SourceDigest.describe(path)
      var object: OrderedDictionary<String, JSONValue> = ["kind": "file", "file": described["file"] ?? described["folder"] ?? .string(path)]
      if let digest = described["sha256"] { object["digest"] = digest }
      return .object(object)
    case .generated(let seed, let digest, let parts):
      // A seed of 64 bits does not fit a number of JSON.
      return ["kind": "generated", "seed": .string("\(seed)"), "digest": .string(digest), "parts": .array(parts.map { .string($0) })]
    }
  }
}
