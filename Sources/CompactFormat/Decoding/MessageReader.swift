internal import CLatheProto
import LatheDiagnostics
import LatheProtobuf
import OrderedCollections

/// Reads the fields of decoded messages and checks what all messages have in common.
struct MessageReader {
  /// Offset of the section in the file, for diagnostics.
  let offset: Int
  /// Whether the file's minor version is newer than this reader, so that it may have fields that are not known here.
  let mayHaveUnknownFields: Bool

  /// A diagnostic about the section.
  func fault(_ rule: String, _ message: String, node: String? = nil, value: String? = nil) -> Diagnostic {
    .badCompactFile(rule, message, at: offset, node: node, value: value)
  }

  /// Decodes a section's message of the type that `initialize`, its init function, belongs to.
  ///
  /// The messages of lathe.proto do not contain themselves, so protobuf-c's recursion is bounded by the schema.
  ///
  /// - Throws: `lathe/protobuf` if the bytes are no such message, `limit/decoded-bytes-per-byte`.
  func unpack<Message>(
    _ bytes: UnsafeRawBufferPointer, _ initialize: (UnsafeMutablePointer<Message>?) -> Void, limits: ResourceLimits
  ) throws(Diagnostic) -> UnpackedMessage<Message> {
    do throws(UnpackFailure) {
      return try UnpackedMessage(bytes, budget: limits.decodedBytes(from: bytes.count), initialize)
    } catch {
      switch error {
      case .malformed: throw fault("protobuf", "the section is not a message of lathe.proto")
      case .overBudget:
        throw limits.exceeded(
          "decoded-bytes-per-byte", "the \(bytes.count) bytes of the section take too much memory",
          at: Location(byteOffset: offset))
      }
    }
  }

  /// Refuses fields that a file of this version cannot have.
  func checkFields(_ base: ProtobufCMessage) throws(Diagnostic) {
    guard base.n_unknown_fields == 0 || mayHaveUnknownFields else {
      let tag = base.unknown_fields.map { " \($0.pointee.tag)" } ?? ""
      throw fault("unknown-field", "a message has the field\(tag), which this version of the format does not have")
    }
  }

  /// The messages of a repeated field.
  func list<Message>(_ count: Int, _ messages: Proto.List<Message>?) -> [UnsafeMutablePointer<Message>] {
    UnsafeBufferPointer(start: messages, count: messages == nil ? 0 : count).compactMap { $0 }
  }

  /// The elements of a repeated field of numbers or bytes.
  func list<Element>(_ count: Int, _ elements: UnsafeMutablePointer<Element>?) -> UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: elements, count: elements == nil ? 0 : count)
  }

  /// The text of a field.
  ///
  /// - Throws: `lathe/utf-8`.
  func text(_ data: ProtobufCBinaryData) throws(Diagnostic) -> String {
    guard let text = data.text else {
      throw fault("utf-8", "a text is not valid UTF-8: \(String(decoding: data.buffer.prefix(80), as: UTF8.self))")
    }
    return text
  }

  func texts(_ count: Int, _ data: UnsafeMutablePointer<ProtobufCBinaryData>?) throws(Diagnostic) -> [String] {
    try list(count, data).map { (data) throws(Diagnostic) in try text(data) }
  }

  /// The entries of a dictionary.
  func entries(
    _ count: Int, _ entries: Proto.List<Proto.Entry>?
  ) throws(Diagnostic) -> OrderedDictionary<String, String> {
    var result: OrderedDictionary<String, String> = [:]
    for entry in list(count, entries) {
      try checkFields(entry.pointee.base)
      let key = try text(entry.pointee.key)
      guard result.updateValue(try text(entry.pointee.value), forKey: key) == nil else {
        throw fault("duplicate", "the key \(key) occurs twice")
      }
    }
    return result
  }

  /// What a reference means; nil for 0.
  ///
  /// - Throws: `lathe/reference` if there is no such entry.
  func resolve<Element>(_ reference: UInt32, in table: [Element], _ what: String) throws(Diagnostic) -> Element? {
    guard reference > 0 else { return nil }
    guard Int(reference) <= table.count else {
      throw fault("reference", "there is no \(what) \(reference - 1): there are \(table.count)")
    }
    return table[Int(reference) - 1]
  }

  /// What a reference that must not be 0 means.
  func require<Element>(_ reference: UInt32, in table: [Element], _ what: String) throws(Diagnostic) -> Element {
    guard let element = try resolve(reference, in: table, what) else {
      throw fault("reference", "a \(what) is missing")
    }
    return element
  }

  /// A shape of numbers.
  ///
  /// - Throws: `lathe/shape` for too many axes or extents beyond Int.
  func shape(_ count: Int, _ extents: UnsafeMutablePointer<UInt64>?) throws(Diagnostic) -> [Int] {
    guard count <= CompactLayout.maximumRank else { throw fault("shape", "a tensor has \(count) axes") }
    return try list(count, extents).map { (extent) throws(Diagnostic) in
      guard let number = Int(exactly: extent) else { throw fault("shape", "a tensor has the extent \(extent)") }
      return number
    }
  }
}
