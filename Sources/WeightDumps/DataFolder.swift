internal import Foundation
import LatheDiagnostics
import LatheFiles

/// The folder that a checkpoint is in, whose data files it names; each is mapped once.
///
/// A checkpoint may come from anywhere, so the names in it lead to nothing outside its folder. Whether links may is for the caller to say:
/// Hugging Face's cache is folders of links.
final class DataFolder {
  /// The folder's path, with a slash at its end unless it is empty.
  let path: String
  private let followsLinks: Bool
  private var opened: [String: MappedFile] = [:]

  /// Paths of the files that were opened, sorted.
  var paths: [String] { opened.values.map(\.path).sorted() }

  init(_ path: String, followsLinks: Bool) {
    self.followsLinks = followsLinks
    self.path = path.isEmpty || path.hasSuffix("/") ? path : path + "/"
  }

  /// The folder of the file at `path`, whose links out of it are refused.
  convenience init(of path: String) {
    self.init(path.lastIndex(of: "/").map { String(path[...$0]) } ?? "", followsLinks: false)
  }

  /// The file that a checkpoint calls `name`.
  ///
  /// - Throws: `weights/path` for a name that leads out of the folder; `weights/data-file` if it cannot be read, with the category
  ///   `missingInput` where it is not there.
  func file(_ name: String) throws(Diagnostic) -> MappedFile {
    if let file = opened[name] { return file }
    let climbs = name.split(separator: "/").contains("..") || name.split(separator: "\\").contains("..")
    guard !name.isEmpty, !name.hasPrefix("/"), !climbs, !name.utf8.contains(0) else {
      throw refused(name, name.isEmpty ? "the name is empty" : "the path leaves the folder")
    }
    guard let root = Self.real(path.isEmpty ? "." : path), let real = Self.real(path + name) else {
      throw Diagnostic(
        "weights/data-file", .missingInput,
        "the data file \(name) cannot be opened: \(String(cString: strerror(errno)))",
        fix: "put \(name) into the folder")
    }
    guard followsLinks || real.hasPrefix(root.hasSuffix("/") ? root : root + "/") else {
      throw refused(name, "it is a link to a file outside the folder")
    }
    let file: MappedFile
    do throws(Diagnostic) {
      file = try MappedFile(path: path + name)
    } catch {
      throw Diagnostic("weights/data-file", error.category, "the data file \(name) cannot be used: \(error.message)")
    }
    opened[name] = file
    return file
  }

  /// Whether there is anything called `name`.
  func has(_ name: String) -> Bool { access(path + name, F_OK) == 0 }

  private func refused(_ name: String, _ reason: String) -> Diagnostic {
    .invalid(
      "weights/path", "the data file \"\(name)\" is refused: \(reason)",
      fix: "put the data file into the folder, and give its path relative to it")
  }

  private static func real(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
