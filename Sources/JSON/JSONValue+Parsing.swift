import LatheDiagnostics
import LatheFiles

extension JSONValue {
  /// More bytes than any JSON text Lathe reads should have.
  public static let maximumTextBytes = 1 << 30

  /// Deeper nesting than this is refused whatever the limits say: parsing and freeing recurse.
  private static let deepestNesting = 1000

  /// Parses one JSON text, strictly as RFC 8259 writes it.
  ///
  /// Refused too: repeated keys, keys that are the same text to Unicode (canonical equivalence), lone surrogates,
  /// numbers beyond `Double`. Integers that do not fit 64 signed bits, and `-0`, become `number`.
  /// - Parameters:
  ///   - file: What diagnostics call the source.
  ///   - line: The number of the line in `file` at which the text starts.
  ///   - limits: `nestingDepth` bounds arrays in arrays.
  public static func parse(
    _ text: UnsafeRawBufferPointer, file: String? = nil, line: Int = 1, limits: ResourceLimits = ResourceLimits()
  ) throws(Diagnostic) -> JSONValue {
    try tree(text, file, line, limits, membersAt: nil).value
  }

  /// Parses one JSON text whose object at `path` is kept apart: `value` has an empty object there, and `members` what it holds.
  ///
  /// `members` is nil if there is no object; for the rest see `parse(_:file:line:limits:)`.
  public static func parse(
    _ text: [UInt8], membersAt path: [String], file: String? = nil, limits: ResourceLimits = ResourceLimits()
  ) throws(Diagnostic) -> (value: JSONValue, members: JSONMembers?) {
    let parsed = text.withUnsafeBytes { text in
      Result { () throws(Diagnostic) in try tree(text, file, 1, limits, membersAt: path) }
    }
    let result = try parsed.get()
    return (result.value, result.members.map { JSONMembers(at: path, $0) })
  }

  private static func tree(
    _ text: UnsafeRawBufferPointer, _ file: String?, _ line: Int, _ limits: ResourceLimits, membersAt path: [String]?
  ) throws(Diagnostic) -> JSONTree {
    guard text.count <= maximumTextBytes else {
      throw .invalid(
        "json/size", "a JSON text of \(text.count) bytes is more than the \(maximumTextBytes) that are read",
        at: Location(file: file, line: line))
    }
    do {
      return try parse(text, maximumDepth: min(limits.nestingDepth, deepestNesting), membersAt: path)
    } catch {
      let diagnostic = error.diagnostic(in: text, file: file, firstLine: line)
      guard error.id == "nesting", limits.nestingDepth < deepestNesting else { throw diagnostic }
      throw limits.exceeded("nesting-depth", error.message, at: diagnostic.location)
    }
  }

  /// Parses one JSON text given as bytes; see `parse(_:file:line:limits:)`.
  public static func parse(
    _ text: some Collection<UInt8>, file: String? = nil, line: Int = 1, limits: ResourceLimits = ResourceLimits()
  ) throws(Diagnostic) -> JSONValue {
    let parsed = text.withContiguousStorageIfAvailable { storage in
      Result { () throws(Diagnostic) in
        try parse(UnsafeRawBufferPointer(storage), file: file, line: line, limits: limits)
      }
    }
    if let parsed { return try parsed.get() }
    return try parse(Array(text), file: file, line: line, limits: limits)
  }

  /// Parses one JSON text; see `parse(_:file:line:limits:)`.
  public static func parse(
    _ text: String, file: String? = nil, line: Int = 1, limits: ResourceLimits = ResourceLimits()
  ) throws(Diagnostic) -> JSONValue {
    try parse(Array(text.utf8), file: file, line: line, limits: limits)
  }

  /// Parses the JSON file at `path`, which may hold at most `maximumBytes`.
  ///
  /// - Throws: `file/missing` (exit code 66) when it cannot be read; otherwise as `parse(_:file:line:limits:)`.
  public static func parse(
    fileAt path: String, maximumBytes: Int = maximumTextBytes, limits: ResourceLimits = ResourceLimits()
  ) throws(Diagnostic) -> JSONValue {
    try parse(try InputFile.bytes(of: path, maximumBytes: maximumBytes), file: path, limits: limits)
  }

  private static func parse(
    _ text: UnsafeRawBufferPointer, maximumDepth: Int, membersAt path: [String]?
  ) throws(JSONFault) -> JSONTree {
    let check = try LexicalCheck(text, maximumDepth: maximumDepth)
    guard !check.isBlank else { throw JSONFault("empty", at: 0, "there is no JSON value here") }
    let tree = try JSONTree(
      parsing: text, substitutions: check.substitutions, maximumDepth: maximumDepth, membersAt: path)
    guard tree.memberCount == check.memberCount else { throw RepeatedKey.fault(in: text) }
    return tree
  }
}
