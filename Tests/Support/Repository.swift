internal import Foundation

/// Where things are in the repository, and beside it.
public enum Repository {
  /// Folder of Package.swift.
  public static let root: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(3).joined(separator: "/")
  }()

  /// A path inside the repository.
  public static func path(_ relative: String) -> String { "\(root)/\(relative)" }

  /// A path inside the folder of shared models beside the repository; nil where it is absent, as on a user's machine.
  public static func sharedModel(_ relative: String) -> String? {
    let candidates = ["\(root)/../shared/models/\(relative)"]
    return candidates.first { FileManager.default.fileExists(atPath: $0) }
  }

  /// The bytes of a file in the repository.
  public static func bytes(_ relative: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(relative))))
  }
}
