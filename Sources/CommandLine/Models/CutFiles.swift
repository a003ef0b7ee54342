import LatheDiagnostics
import LatheFiles
import LatheIR
import LathePassKit

/// The files that tell what a cut left of a vocabulary, where the model's own file does not.
struct CutFiles {
  /// Where they were asked for.
  let vocabulary, idMap: String?

  /// Writes the vocabulary and the ids before; says on standard error what nobody asked for by name.
  ///
  /// - Throws: `file/unwritable`.
  func write(_ cut: VocabularyCut, _ text: TextAssets?, beside output: String, _ format: OutputFormat) throws(Diagnostic) {
    let stem = output.split(separator: ".", omittingEmptySubsequences: false).dropLast().joined(separator: ".")
    let tokens = text?.vocabulary ?? []
    if !tokens.isEmpty, let path = vocabulary ?? (format == .onnx ? "\(stem).vocab.txt" : nil) {
      try Self.write(tokens, to: path)
      if vocabulary == nil { Terminal.error.write("the vocabulary that is left: \(path)\n") }
    }
    if let path = idMap ?? (tokens.isEmpty ? "\(stem).ids.txt" : nil) {
      try Self.write(cut.kept.flatMap { Array("\($0)\n".utf8) }, to: path)
      if idMap == nil { Terminal.error.write("the ids before that are left, in the order of the ids behind: \(path)\n") }
    }
  }

  private static func write(_ bytes: [UInt8], to path: String) throws(Diagnostic) {
    let file = try OutputFile(path: path)
    try file.write(bytes)
    try file.commit()
  }
}
