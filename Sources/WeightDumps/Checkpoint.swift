import LatheJSON
import LatheTensors
import OrderedCollections

/// A model without a graph: tensors by name, and a configuration that says what is to be computed from them.
public struct Checkpoint: Sendable {
  /// The class that the tensors were trained as, such as `BertForSequenceClassification`; empty if nothing says.
  public var architecture: String
  /// What the trainer's `config.json` says: an object.
  public var config: JSONValue
  /// The tensors as they were stored; those of mapped files stay there.
  public var tensors: OrderedDictionary<String, Tensor>
  /// The files it was read from.
  public var files: [String]

  /// A checkpoint of these parts.
  public init(
    architecture: String, config: JSONValue, tensors: OrderedDictionary<String, Tensor>, files: [String] = []
  ) {
    self.architecture = architecture
    self.config = config
    self.tensors = tensors
    self.files = files
  }

  /// Stores the names of the classes by index in the configuration.
  public mutating func name(classes: [String]) {
    set("id2label", .object(OrderedDictionary(uniqueKeysWithValues: classes.enumerated().map { (String($0), .string($1)) })))
    guard config["label2id"] != nil, Set(classes).count == classes.count else { return }
    set("label2id", .object(OrderedDictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, .integer(Int64($0))) })))
  }

  /// Stores one key of the configuration.
  public mutating func set(_ key: String, _ value: JSONValue) {
    var members = config.objectValue ?? [:]
    members[key] = value
    config = .object(members)
  }
}
