import Foundation
import LatheJSON
import LatheTokenizers

/// What `make_expectations.py` wrote, and where the texts are that it was written for.
enum Expectations {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()

  /// The option sets of the script, by its names.
  static let modes: [String: WordPieceOptions] = [
    "uncased": options { _ in },
    "cased": options { $0.lowercase = false },
    "cased-stripped": options {
      $0.lowercase = false
      $0.stripAccents = true
    },
    "uncased-accented": options { $0.stripAccents = false },
    "raw": options {
      $0.cleanText = false
      $0.handleChineseCharacters = false
    },
  ]

  static func options(_ change: (inout WordPieceOptions) -> Void) -> WordPieceOptions {
    var options = WordPieceOptions()
    change(&options)
    return options
  }

  static func read(_ name: String) throws -> JSONValue {
    try JSONValue.parse(fileAt: folder.appending(path: "Data/\(name).json").path)
  }

  /// The path of a file of the pico model: the repository's copy, or else the shared one beside the repository.
  static func pico(_ name: String) -> String? {
    let root = folder.deletingLastPathComponent().deletingLastPathComponent()
    return [root.appending(path: "Examples/debian-sections"), root.appending(path: "../shared/models/pico")]
      .map { $0.appending(path: name).standardized.path }
      .first { FileManager.default.fileExists(atPath: $0) }
  }

  /// 64-bit FNV-1a.
  static func hash(_ bytes: some Sequence<UInt8>) -> String {
    let hash = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  static func bytes(_ ids: [Int32]) -> [UInt8] {
    (ids + [-1]).flatMap { id in (0..<4).map { UInt8(truncatingIfNeeded: id >> (8 * $0)) } }
  }
}

extension JSONValue {
  var ids: [Int32]? { arrayValue?.compactMap { $0.intValue.flatMap { Int32(exactly: $0) } } }
  var strings: [String]? { arrayValue?.compactMap(\.stringValue) }
}
