internal import Foundation
import LatheArchitectures
import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheJSON
import LatheSamples
import LatheTokenizers
import LatheWeightDumps

/// Makes models of checkpoints: folders and JSON dumps.
struct CheckpointLoader {
  let limits: ResourceLimits
  /// What stands on the encoder; nil for what the checkpoint's class has.
  var head: Head?

  /// The model in the folder at `path`, with its vocabulary.
  func folder(_ path: String) throws(Diagnostic) -> ModelLoader.Loaded {
    try loaded(
      try CheckpointFolder(limits: limits).read(path), in: path.hasSuffix("/") ? path : path + "/", format: "folder")
  }

  /// The model of the dump at `path`.
  func dump(_ path: String) throws(Diagnostic) -> ModelLoader.Loaded {
    try loaded(try DumpReader(limits: limits).read(path), in: nil, format: "weights")
  }

  private func loaded(_ checkpoint: Checkpoint, in folder: String?, format: String) throws(Diagnostic)
    -> ModelLoader.Loaded
  {
    let made = try ArchitectureCatalog(limits: limits).model(of: checkpoint, head: head)
    var loaded = ModelLoader.Loaded(model: made.model, format: format, files: checkpoint.files)
    loaded.checkpoint = checkpoint
    if let head { loaded.checkpoint?.set("head", .string(head.rawValue)) }
    loaded.warnings = made.warnings
    if let bound = made.maximumLength {
      var assets = loaded.model.text ?? TextAssets()
      assets.maximumLength = bound
      loaded.model.text = assets
    }
    if let folder { try addTexts(from: folder, made, to: &loaded) }
    return loaded
  }

  /// The tokenizer that lies in the folder.
  private func addTexts(from folder: String, _ made: ArchitectureCatalog.Result, to loaded: inout ModelLoader.Loaded)
    throws(Diagnostic)
  {
    guard let (file, tokenizer) = try tokenizer(in: folder, &loaded.warnings) else { return }
    guard tokenizer.vocabulary.count <= made.vocabularySize else {
      throw .invalid(
        "weights/vocabulary",
        "the vocabulary has \(tokenizer.vocabulary.count) tokens, but the configuration's vocab_size is \(made.vocabularySize)",
        at: Location(file: file), fix: "give the vocabulary that the model was trained with")
    }
    var assets = loaded.model.text ?? TextAssets()
    assets.vocabulary = tokenizer.vocabulary.bytes
    assets.tokenizerOptions = TokenizerSettings.settings(of: tokenizer.options)
    assets.maximumLength = made.maximumLength
    loaded.model.text = assets
    loaded.files.append(file)
  }

  private func tokenizer(in folder: String, _ warnings: inout [Diagnostic]) throws(Diagnostic) -> (
    file: String, TokenizerFile
  )? {
    let (document, list) = (folder + "tokenizer.json", folder + "vocab.txt")
    if FileManager.default.fileExists(atPath: document) {
      try Self.requireRegular(document)
      do throws(Diagnostic) {
        return (document, try TokenizerFile(at: document))
      } catch {
        guard error.id == "tokenizers/json-unsupported" else { throw error }
        var warning = error
        warning.severity = .warning
        warning.notes.append("the model is without a vocabulary: it takes ids")
        warnings.append(warning)
        return nil
      }
    }
    guard FileManager.default.fileExists(atPath: list) else { return nil }
    try Self.requireRegular(list)
    var file = try TokenizerFile(at: list)
    let settings = folder + "tokenizer_config.json"
    if FileManager.default.fileExists(atPath: settings), !file.isComplete {
      try Self.requireRegular(settings)
      let said = try JSONValue.parse(fileAt: settings, maximumBytes: 1 << 24, limits: limits)
      warnings += try TokenizerConfiguration(said, file: settings).apply(to: &file)
    }
    return (list, file)
  }

  /// A pipe in a folder would never end.
  private static func requireRegular(_ path: String) throws(Diagnostic) { _ = try MappedFile(path: path) }
}
