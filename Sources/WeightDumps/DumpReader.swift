internal import Crypto
import LatheDiagnostics
import LatheFiles
import LatheJSON
import LatheTensors
import OrderedCollections

/// Reads JSON dumps of checkpoints, as `Schemas/weights.schema.json` describes them.
///
/// The text is walked twice: first every tensor's entry is found and checked, then its elements are read into their place. What was read of
/// the file is let go on the way, so that memory stays near the tensors' own bytes.
public struct DumpReader: Sendable {
  /// What `format` has to say.
  public static let format = "lathe-weights/1"
  private static let keys = ["format", "architecture", "config", "tensors"]

  /// Bytes of elements after which pages of the file are let go.
  private static let stride = 1 << 22

  /// Bounds on what a dump may ask for.
  public let limits: ResourceLimits

  /// A reader.
  public init(limits: ResourceLimits = ResourceLimits()) {
    self.limits = limits
  }

  /// Whether a file that starts with `bytes` is a dump or was meant to be one: a JSON object, an array, a comment, or a text with a
  /// byte order mark, which no model's format starts with.
  public static func isLikely(_ bytes: some Collection<UInt8>) -> Bool {
    isObject(bytes) || bytes.starts(with: [UInt8(ascii: "[")]) || bytes.starts(with: "//".utf8)
      || bytes.starts(with: "/*".utf8) || hasByteOrderMark(bytes)
  }

  /// Whether the first byte that is no white space opens an object.
  static func isObject(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
  }

  private static func hasByteOrderMark(_ bytes: some Collection<UInt8>) -> Bool {
    [[0xEF, 0xBB, 0xBF], [0xFE, 0xFF], [0xFF, 0xFE]].contains { bytes.starts(with: $0) }
  }

  /// The checkpoint in the dump at `path`.
  ///
  /// - Throws: `json/…` with line and column, `weights/…` with line or tensor.
  public func read(_ path: String) throws(Diagnostic) -> Checkpoint {
    let file = try MappedFile(path: path)
    let outline: Outline
    do throws(Diagnostic) {
      outline = try self.outline(file)
    } catch {
      throw error.located(in: Location(file: path))
    }
    let folder = DataFolder(of: path)
    var tensors: OrderedDictionary<String, Tensor> = [:]
    var bytesSinceDrop = 0
    for (name, entry) in outline.entries {
      do throws(Diagnostic) {
        tensors[name] = try tensor(entry, file, folder)
      } catch {
        throw error.located(in: Location(file: path, value: name))
      }
      bytesSinceDrop += entry.byteCount
      guard bytesSinceDrop >= Self.stride else { continue }
      bytesSinceDrop = 0
      file.dropPages()
    }
    file.dropPages()
    return Checkpoint(
      architecture: outline.architecture, config: outline.config, tensors: tensors, files: [path] + folder.paths)
  }

  /// What stands in the file, without the tensors' elements.
  private struct Outline {
    var architecture = ""
    var config: JSONValue = .object([:])
    var entries: OrderedDictionary<String, DumpEntry> = [:]
  }

  private func outline(_ file: MappedFile) throws(Diagnostic) -> Outline {
    guard !Self.hasByteOrderMark(file.bytes) else {
      throw .invalid(
        "weights/encoding", "the text starts with a byte order mark, which JSON in UTF-8 does not",
        at: Location(file: file.path, byteOffset: 0, line: 1, column: 1), fix: "write the dump again as plain UTF-8")
    }
    var outline = Outline()
    var found: Set<String> = []
    var cursor = JSONCursor(file.bytes, file: file.path, limits: limits, didRead: file.dropPages)
    try cursor.object { (cursor, key) throws(Diagnostic) in
      found.insert(key)
      let start = cursor.offset
      do throws(Diagnostic) {
        try read(key, &cursor, into: &outline)
      } catch {
        throw error.located(in: error.location.line == nil ? cursor.location(of: start) : Location())
      }
    }
    try cursor.end()
    for key in Self.keys where !found.contains(key) {
      throw .invalid(
        "weights/key", "the dump has no \(key)", at: Location(file: file.path),
        fix: "write it as Schemas/weights.schema.json says, or give a model")
    }
    return outline
  }

  /// Reads the value of one of the dump's keys.
  private func read(_ key: String, _ cursor: inout JSONCursor, into outline: inout Outline) throws(Diagnostic) {
    switch key {
    case "format": try Self.checkFormat(try cursor.value())
    case "architecture":
      let value = try cursor.value()
      guard let name = value.stringValue else { throw Self.misfit("architecture", value, "a text") }
      outline.architecture = name
    case "config":
      outline.config = try cursor.value()
      guard outline.config.objectValue != nil else { throw Self.misfit("config", outline.config, "an object") }
    case "tensors":
      var entries: OrderedDictionary<String, DumpEntry> = [:]
      try cursor.object { (cursor, name) throws(Diagnostic) in
        guard name.utf8.count <= limits.nameBytes else {
          throw limits.exceeded("name-bytes", "a tensor's name has \(name.utf8.count) bytes")
        }
        try limits.checkTensors(entries.count + 1)
        entries[name] = try DumpEntry(&cursor, name, limits)
      }
      outline.entries = entries
    default:
      throw .invalid(
        "weights/key", "the dump has the key \(key.prefix(60).debugDescription), which means nothing",
        fix: Spelling.nearest(key, among: Self.keys).map { "did you mean \($0)?" }
          ?? "the keys are \(Self.keys.joined(separator: ", "))")
    }
  }

  private static func checkFormat(_ value: JSONValue) throws(Diagnostic) {
    guard value.stringValue == format else {
      throw .invalid(
        "weights/format", "the format is \(value.serialized().prefix(60)), not \"\(format)\"",
        fix: "write the dump as Schemas/weights.schema.json says")
    }
  }

  private static func misfit(_ key: String, _ value: JSONValue, _ wanted: String) -> Diagnostic {
    .invalid("weights/value", "\(key) should be \(wanted), but is \(value.kindDescription)")
  }

  private func tensor(_ entry: DumpEntry, _ file: MappedFile, _ folder: DataFolder) throws(Diagnostic) -> Tensor {
    switch entry.payload {
    case .numbers(let range): try NumberPayload(entry: entry, file: file, range: range).tensor()
    case .base64(let range): try Base64Payload(entry: entry, file: file, range: range).tensor()
    case .file(let name, let offset, let length, let digest):
      try Self.external(entry, try folder.file(name), name, offset, length, digest)
    }
  }

  private static func external(
    _ entry: DumpEntry, _ file: MappedFile, _ name: String, _ offset: Int, _ length: Int, _ digest: String
  ) throws(Diagnostic) -> Tensor {
    guard length == entry.byteCount else { throw entry.wrongLength(length) }
    guard offset <= file.bytes.count, length <= file.bytes.count - offset else {
      throw .invalid(
        "weights/range", "the elements are \(length) bytes from offset \(offset), but \(name) has \(file.bytes.count)",
        fix: "copy \(name) again, together with the dump")
    }
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + length])
    var hasher = SHA256()
    for start in Swift.stride(from: 0, to: length, by: Self.stride) {
      hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + Self.stride, length)]))
      if length - start >= Self.stride { file.dropPages() }
    }
    let found = hasher.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    guard found == digest.lowercased() else {
      throw .invalid(
        "weights/digest", "the SHA-256 of the elements in \(name) is \(found), not \(digest.prefix(64))",
        fix: "copy \(name) again, together with the dump")
    }
    return try Tensor(dtype: entry.dtype, shape: entry.shape, storage: TensorStorage(bytes: bytes, owner: file))
  }
}
