internal import CLatheProto
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import LatheTensors

/// Reads `.lathe` files.
public struct CompactReader {
  /// Reads the model at `path`; its weights are views of the mapped file.
  ///
  /// Every rule of the format is checked first. Operators that `catalog` does not have become opaque ones.
  ///
  /// - Parameter verifyingWeights: Whether the weights' checksums are checked, which reads all of them once.
  /// - Throws: `file/…` if the file cannot be read; `lathe/…`, `limit/…` and what operators throw for their
  ///   attributes (all `.invalidInput`) if it is bad.
  public static func read(
    path: String, limits: ResourceLimits, catalog: OperatorCatalog, verifyingWeights: Bool = true
  ) throws(Diagnostic) -> Model {
    do {
      let file = try CompactFile(path: path)
      return try read(file, limits, catalog, verifyingWeights)
    } catch {
      throw error.located(in: Location(file: path))
    }
  }

  /// Reads the model in a file that lies in memory; its weights are views of it.
  ///
  /// - Throws: as `read(path:)`.
  public static func read(
    _ file: CompactFile, limits: ResourceLimits, catalog: OperatorCatalog, verifyingWeights: Bool = true
  ) throws(Diagnostic) -> Model {
    try read(file, limits, catalog, verifyingWeights)
  }

  private static func read(
    _ file: CompactFile, _ limits: ResourceLimits, _ catalog: OperatorCatalog, _ verifyingWeights: Bool
  ) throws(Diagnostic) -> Model {
    guard let bytes = file.contents(.graph) else {
      throw .badCompactFile("section-missing", "the file has no graph section")
    }
    let reader = messageReader(file, .graph)
    let unpacked = try reader.unpack(bytes, lathe__compact__model__init, limits: limits)
    defer { withExtendedLifetime(unpacked) {} }
    var decoder = ModelDecoder(reader, limits: limits, catalog: catalog)
    var model = try decoder.decode(unpacked.message.pointee) { (tensors) throws(Diagnostic) in
      try WeightsSection(file, tensors, reader, verifyingChecksums: verifyingWeights)
    }
    do {
      try Verifier().verify(model.graph)
    } catch {
      throw .badCompactFile(
        "graph", error.message, at: reader.offset, node: error.location.node, value: error.location.value,
        notes: ["the graph breaks the rule \(error.id)"])
    }
    model.text = try text(file, limits)
    model.record = try record(file)
    return model
  }

  private static func messageReader(_ file: CompactFile, _ kind: CompactLayout.SectionKind) -> MessageReader {
    MessageReader(
      offset: file.section(kind)?.offset ?? 0, mayHaveUnknownFields: file.minorVersion > Int(CompactLayout.minorVersion)
    )
  }

  private static func text(_ file: CompactFile, _ limits: ResourceLimits) throws(Diagnostic) -> TextAssets? {
    guard let bytes = file.contents(.text) else { return nil }
    let reader = messageReader(file, .text)
    let unpacked = try reader.unpack(bytes, lathe__compact__text__init, limits: limits)
    defer { withExtendedLifetime(unpacked) {} }
    return try ModelDecoder.decode(unpacked.message.pointee, reader)
  }

  private static func record(_ file: CompactFile) throws(Diagnostic) -> String? {
    guard let bytes = file.contents(.record) else { return nil }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .badCompactFile("utf-8", "the record is not valid UTF-8", at: file.section(.record)?.offset)
    }
    return text
  }
}
