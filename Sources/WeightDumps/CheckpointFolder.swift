import LatheDiagnostics
import LatheFiles
import LatheJSON
import LatheTensors
import OrderedCollections

/// Reads folders as Hugging Face's and Paddle's libraries write them: `config.json`, and `model.safetensors` whole or in shards.
public struct CheckpointFolder: Sendable {
  private static let maximumConfigBytes = 1 << 24

  /// Bounds on what a checkpoint may ask for.
  public let limits: ResourceLimits

  /// A reader.
  public init(limits: ResourceLimits = ResourceLimits()) {
    self.limits = limits
  }

  /// The checkpoint in the folder at `path`.
  ///
  /// - Throws: `weights/folder` if there is none, `weights/shard` if a shard lacks a tensor, and `safetensors/…`.
  public func read(_ path: String) throws(Diagnostic) -> Checkpoint {
    let folder = DataFolder(path, followsLinks: true)
    guard folder.has("config.json") else {
      throw .invalid(
        "weights/folder", "there is no config.json in this folder", at: Location(file: path),
        fix: "give a folder with config.json and model.safetensors, or a model file")
    }
    let configPath = folder.path + "config.json"
    let config = try Self.config(at: configPath, limits)
    guard config.objectValue != nil else {
      throw .invalid(
        "weights/config", "the configuration is \(config.kindDescription), not an object",
        at: Location(file: configPath))
    }
    do throws(Diagnostic) {
      let tensors = try tensors(in: folder)
      return Checkpoint(
        architecture: config["architectures"]?[0]?.stringValue ?? "", config: config, tensors: tensors,
        files: [configPath] + folder.paths)
    } catch {
      throw error.located(in: Location(file: path))
    }
  }

  private static func config(at path: String, _ limits: ResourceLimits) throws(Diagnostic) -> JSONValue {
    let file = try MappedFile(path: path)
    guard file.bytes.count <= maximumConfigBytes else {
      throw .invalid(
        "file/size", "a configuration of \(file.bytes.count) bytes is more than the \(maximumConfigBytes) that are read",
        at: Location(file: path))
    }
    return try JSONValue.parse(file.bytes, file: path, limits: limits)
  }

  private func tensors(in folder: DataFolder) throws(Diagnostic) -> OrderedDictionary<String, Tensor> {
    for stem in ["model", "model_state"] {
      if folder.has("\(stem).safetensors") {
        return try SafetensorsFile.read(folder.file("\(stem).safetensors"), limits: limits)
      }
      if folder.has("\(stem).safetensors.index.json") {
        return try shards("\(stem).safetensors.index.json", in: folder)
      }
    }
    let others = ["pytorch_model.bin", "model_state.pdparams", "tf_model.h5"].filter(folder.has)
    throw .invalid(
      "weights/folder", "there is no model.safetensors in this folder",
      notes: others.map { "\($0) is there, but only its own library can read it" },
      fix: others.isEmpty
        ? "save the model with save_pretrained"
        : "save the model with safe_serialization=True, or write a JSON dump (Examples/weight-dumps)")
  }

  private func shards(_ name: String, in folder: DataFolder) throws(Diagnostic) -> OrderedDictionary<String, Tensor> {
    let index = try JSONValue.parse(try folder.file(name).bytes, file: folder.path + name, limits: limits)
    guard let map = index["weight_map"]?.objectValue, !map.isEmpty else {
      throw .invalid("weights/index", "the index has no weight_map", at: Location(file: folder.path + name))
    }
    var shards: OrderedDictionary<String, OrderedDictionary<String, Tensor>> = [:]
    var tensors: OrderedDictionary<String, Tensor> = [:]
    var absent: [String] = []
    try limits.checkTensors(map.count)
    for (tensor, entry) in map {
      guard let shard = entry.stringValue else {
        throw .invalid(
          "weights/index", "the index gives \(entry.kindDescription) for a tensor, not the name of its file",
          at: Location(file: folder.path + name, value: tensor))
      }
      if shards[shard] == nil { shards[shard] = try SafetensorsFile.read(folder.file(shard), limits: limits) }
      if let found = shards[shard]?[tensor] {
        tensors[tensor] = found
      } else {
        absent.append("\(tensor) is not in \(shard)")
      }
    }
    guard absent.isEmpty else {
      throw .invalid(
        "weights/shard", "\(absent.count) tensors are not in the files that the index names",
        at: Location(file: folder.path + name),
        notes: absent.prefix(20).map { $0 }, fix: "fetch all files of the checkpoint again, of one version")
    }
    return tensors
  }
}
