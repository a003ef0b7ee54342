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

  /// A file that is written, but not in its place yet.
  struct Prepared {
    fileprivate let file: OutputFile
    fileprivate let notice: String?

    /// Puts the file in its place; says on standard error what nobody asked for by name.
    func commit() throws(Diagnostic) {
      try file.commit()
      if let notice { Terminal.error.write(notice) }
    }
  }

  /// Makes the files of the vocabulary and of the ids before, so that what cannot be written is known before the model is.
  ///
  /// - Throws: `file/unwritable`, and `usage/vocab-out` for a `.json` that there is nothing to make from.
  func prepared(_ cut: VocabularyCut, _ text: TextAssets?, beside output: String, _ format: OutputFormat) throws(Diagnostic) -> [Prepared] {
    let stem = output.split(separator: ".", omittingEmptySubsequences: false).dropLast().joined(separator: ".")
    let lines = text?.vocabulary ?? []
    var files: [Prepared] = []
    if !lines.isEmpty, vocabulary != nil || format == .onnx {
      let document = try document()
      let path = vocabulary ?? "\(stem).\(document == nil ? "vocab.txt" : "tokenizer.json")"
      let notice = vocabulary == nil ? "the vocabulary that is left: \(path)\n" : nil
      files.append(Prepared(file: try Self.written(try contents(path, lines, document, cut), to: path), notice: notice))
    }
    if let path = idMap ?? (lines.isEmpty ? "\(stem).ids.txt" : nil) {
      let notice = idMap == nil ? "the ids before that are left, in the order of the ids behind: \(path)\n" : nil
      files.append(Prepared(file: try Self.written(cut.kept.flatMap { Array("\($0)\n".utf8) }, to: path), notice: notice))
    }
    return files
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

  private static func written(_ bytes: [UInt8], to path: String) throws(Diagnostic) -> OutputFile {
    let file = try OutputFile(path: path)
    try file.write(bytes)
    return file
  }
}
