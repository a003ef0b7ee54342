import LatheDiagnostics
import LatheFiles
import LatheIR
import LathePassKit
import LatheTokenizers

/// The files that tell what a cut left of a vocabulary, where the model's own file does not.
struct CutFiles {
  /// Where they were asked for.
  let vocabulary, idMap: String?
  /// The vocabulary that was given: a `tokenizer.json` is written as one again.
  let source: String?

  /// Writes the vocabulary and the ids before; says on standard error what nobody asked for by name.
  ///
  /// - Throws: `file/unwritable`, and `usage/vocab-out` for a `.json` that there is nothing to make from.
  func write(_ cut: VocabularyCut, _ text: TextAssets?, beside output: String, _ format: OutputFormat) throws(Diagnostic) {
    let stem = output.split(separator: ".", omittingEmptySubsequences: false).dropLast().joined(separator: ".")
    let lines = text?.vocabulary ?? []
    if !lines.isEmpty, vocabulary != nil || format == .onnx {
      let document = try document()
      let path = vocabulary ?? "\(stem).\(document == nil ? "vocab.txt" : "tokenizer.json")"
      try Self.write(try contents(path, lines, document, cut), to: path)
      if vocabulary == nil { Terminal.error.write("the vocabulary that is left: \(path)\n") }
    }
    if let path = idMap ?? (lines.isEmpty ? "\(stem).ids.txt" : nil) {
      try Self.write(cut.kept.flatMap { Array("\($0)\n".utf8) }, to: path)
      if idMap == nil { Terminal.error.write("the ids before that are left, in the order of the ids behind: \(path)\n") }
    }
  }

  private func document() throws(Diagnostic) -> TokenizerDocument? {
    guard let source else { return nil }
    let bytes = try InputFile.bytes(of: source, maximumBytes: TokenizerDocument.maximumBytes)
    return TokenizerDocument.isLikely(bytes) ? try TokenizerDocument(bytes, file: source) : nil
  }

  private func contents(_ path: String, _ lines: [UInt8], _ document: TokenizerDocument?, _ cut: VocabularyCut) throws(Diagnostic) -> [UInt8] {
    guard path.hasSuffix(".json") else { return lines }
    guard let document else {
      throw Diagnostic(
        "usage/vocab-out", .usage, "--vocab-out \(path): only a tokenizer.json can be written as one again",
        fix: "name a .txt, or give the model's tokenizer.json as --vocab")
    }
    return Array(try document.keeping(cut.kept.map { Int32(clamping: $0) }).serialized().utf8)
  }

  private static func write(_ bytes: [UInt8], to path: String) throws(Diagnostic) {
    let file = try OutputFile(path: path)
    try file.write(bytes)
    try file.commit()
  }
}
