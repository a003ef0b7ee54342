import LatheIR
import OrderedCollections

/// What an exported file says about itself beside its graph.
enum ExportedMetadata {
  /// `producer_name` of every file: ONNX means the tool that wrote it.
  static let producer = "lathe"
  /// Key of the record of what was done to the model, as JSON.
  static let recordKey = "lathe.record"
  /// Keys of the first producer's name and version, which the file's own fields no longer have.
  static let sourceProducerKey = "lathe.source_producer"
  static let sourceProducerVersionKey = "lathe.source_producer_version"

  /// The model's metadata: what it came with, then what Lathe adds.
  static func entries(of model: Model) -> OrderedDictionary<String, String> {
    var entries = model.metadata.annotations.metadata
    if !model.metadata.producerName.isEmpty, model.metadata.producerName != producer {
      entries[sourceProducerKey] = model.metadata.producerName
      entries[sourceProducerVersionKey] = model.metadata.producerVersion.isEmpty ? nil : model.metadata.producerVersion
    }
    if let record = model.record { entries[recordKey] = record }
    return entries
  }

  /// Takes back from a model that was just read what `entries` put into its metadata.
  static func restore(_ model: inout Model) {
    if let record = model.metadata.annotations.metadata.removeValue(forKey: recordKey) { model.record = record }
    guard model.metadata.producerName == producer,
      let name = model.metadata.annotations.metadata.removeValue(forKey: sourceProducerKey)
    else { return }
    model.metadata.producerName = name
    model.metadata.producerVersion =
      model.metadata.annotations.metadata.removeValue(forKey: sourceProducerVersionKey) ?? ""
  }
}
