internal import Foundation
import LatheDiagnostics

/// Keeps a command from writing over what it reads.
struct OverwriteCheck {
  /// Files and folders that are read.
  let inputs: [String]

  /// - Parameter option: that names the output.
  /// - Throws: `usage/overwrite` for an output that is one of the inputs, or a file that is read of a folder that is.
  func check(_ output: String?, _ option: String) throws(Diagnostic) {
    guard let output, let input = inputs.first(where: { Self.replaces(output, $0) }) else { return }
    throw Diagnostic(
      "usage/overwrite", .usage, "\(option) \(output) would write over \(input == output ? "what is read" : "\(input), which is read")",
      fix: "give \(option) another name")
  }

  /// What reports could be called of the files that are read where a folder is given.
  private static let ofFolders = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors.index.json"]

  private static func replaces(_ output: String, _ input: String) -> Bool {
    if URL(fileURLWithPath: output).standardizedFileURL == URL(fileURLWithPath: input).standardizedFileURL { return true }
    guard let target = identity(output), let source = identity(input) else { return false }
    return target == source || ofFolders.contains { identity("\(input)/\($0)") == target }
  }

  /// Device and number of what a path leads to; nil where there is nothing.
  private static func identity(_ path: String) -> [UInt64]? {
    var status = stat()
    guard !path.utf8.contains(0), stat(path, &status) == 0 else { return nil }
    return [UInt64(status.st_dev), UInt64(status.st_ino)]
  }
}
