import ArgumentParser
import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheJSON
import LatheSamples
import LatheTensors
import LatheTokenizers
import OrderedCollections

/// `--vocab`, `--labels` and `--cased`: what turns text into ids and class indices into names.
struct TextOptions: ParsableArguments {
  @Option(help: ArgumentHelp("WordPiece vocabulary: a token a line (vocab.txt), or tokenizer.json.", valueName: "file"))
  var vocab: String?

  @Option(help: ArgumentHelp("Names of the classes by index: a JSON array, or a name a line.", valueName: "file"))
  var labels: String?

  @Flag(help: "The vocabulary tells upper from lower case: keep the case and accents of texts.")
  var cased = false

  /// What the model carries, with what the command line gives in its place.
  ///
  /// - Parameter graph: What the model computes, for as many labels as it tells classes apart; nil where none is at hand.
  /// - Throws: a diagnostic for files that are missing or not what they should be.
  func assets(over carried: TextAssets?, for graph: Graph? = nil) throws(Diagnostic) -> TextAssets? {
    guard vocab != nil || labels != nil || cased else { return carried }
    var assets = carried ?? TextAssets()
    if let vocab {
      let tokenizer = try TokenizerFile(at: vocab)
      assets.vocabulary = tokenizer.vocabulary.bytes
      assets.read(as: tokenizer.options)
      try checkCased(tokenizer)
    }
    if cased { assets.tokenizerOptions["lowercase"] = "false" }
    if let labels {
      assets.labels = try Self.readLabels(labels)
      if let graph { try Self.checkCount(of: assets.labels, labels, graph) }
    }
    guard !cased || !assets.vocabulary.isEmpty else {
      throw Diagnostic(
        "usage/cased", .usage, "--cased says something about a vocabulary, but there is none", fix: "give --vocab FILE")
    }
    return assets
  }

  private func checkCased(_ tokenizer: TokenizerFile) throws(Diagnostic) {
    guard cased, tokenizer.isComplete, tokenizer.options.lowercase else { return }
    throw Diagnostic(
      "usage/cased", .usage, "--cased contradicts the tokenizer.json, which makes letters lower-case",
      at: Location(file: vocab), fix: "leave --cased out: a tokenizer.json says itself how it reads texts")
  }

  /// - Throws: `labels/count` where the outputs' widths are known, and none is the number of the labels.
  private static func checkCount(of labels: [String], _ path: String, _ graph: Graph) throws(Diagnostic) {
    let types = graph.outputs.map { graph[$0].type?.tensor }
    let widths = types.map { type in type?.shape.flatMap { $0.count < 2 ? nil : $0.last?.known } }
    guard !widths.isEmpty, widths.allSatisfy({ $0.map { $0 > 1 } ?? false }), !widths.contains(labels.count) else { return }
    let names = zip(graph.outputs, widths).map { "\(graph[$0].name) has \($1 ?? 0) scores" }
    throw .invalid(
      "labels/count", "there are \(labels.count) labels, but no output has as many scores", at: Location(file: path),
      notes: Array(names.prefix(20)), fix: "give a name for each class that the model tells apart")
  }

  private static func readLabels(_ path: String) throws(Diagnostic) -> [String] {
    let bytes = try InputFile.bytes(of: path, maximumBytes: 1 << 24)
    let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    guard first == UInt8(ascii: "[") || first == UInt8(ascii: "{") else {
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw .invalid("labels/encoding", "the labels are not UTF-8", at: Location(file: path))
      }
      return try checked(text.split(whereSeparator: \.isNewline).map { String($0) }, path)
    }
    let document = try JSONValue.parse(bytes, file: path)
    guard let list = document.arrayValue else {
      throw .invalid(
        "labels/format", "the labels are \(document.kindDescription)", at: Location(file: path),
        fix: "give a JSON array of strings")
    }
    var names: [String] = []
    for (index, element) in list.enumerated() {
      guard let name = element.stringValue else {
        throw .invalid(
          "labels/format", "label \(index) is \(element.kindDescription), not a string", at: Location(file: path))
      }
      names.append(name)
    }
    return try checked(names, path)
  }

  private static func checked(_ names: [String], _ path: String) throws(Diagnostic) -> [String] {
    guard !names.isEmpty else { throw .invalid("labels/empty", "the file has no labels", at: Location(file: path)) }
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw .invalid("labels/duplicate", "the label \(name) stands there twice", at: Location(file: path))
    }
    return names
  }
}
