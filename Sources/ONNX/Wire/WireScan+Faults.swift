import LatheDiagnostics

/// The diagnostics of a scan.
extension WireScan {
  private static let damaged = "the file is damaged or not ONNX: fetch or export it again"

  /// Something wrong at `offset`, in the field with index `field` of the innermost open message.
  func fault(_ id: String, _ message: String, at offset: Int, field: Int?) -> Diagnostic {
    .invalid(
      "onnx/\(id)", "\(path(to: field, at: offset)): \(message)", at: Location(byteOffset: offset), fix: Self.damaged)
  }

  /// A varint that does not end, or is too long.
  func varintFault(at offset: Int, field: Int?) -> Diagnostic {
    let end = frames.last?.end ?? cursor.bytes.count
    guard end - offset >= WireCursor.longestVarint else { return truncated("a number", at: offset, field: field) }
    return fault("varint", "a number of more than 64 bits", at: offset, field: field)
  }

  /// A message that ends too early.
  func truncated(_ what: String, at offset: Int, field: Int?) -> Diagnostic {
    let whole = frames.last?.end == cursor.bytes.count
    return fault("truncated", "the \(whole ? "file" : "message") ends within \(what)", at: offset, field: field)
  }

  /// A length that leads out of the enclosing message.
  func overrun(_ length: UInt64, left: Int, at offset: Int, field: Int?) -> Diagnostic {
    let whole = frames.last?.end == cursor.bytes.count
    return fault(
      "truncated", "it is \(length) bytes long, but its \(whole ? "file" : "message") has only \(left) more",
      at: offset, field: field)
  }

  /// Nesting beyond `levels`.
  func tooDeep(_ levels: Int, at offset: Int, field: Int?) -> Diagnostic {
    let message = "\(path(to: field, at: offset)): messages are nested more than \(levels) graphs deep"
    guard levels < limits.nestingDepth else {
      return limits.exceeded("nesting-depth", message, at: Location(byteOffset: offset))
    }
    return .invalid(
      "onnx/too-deep", message, at: Location(byteOffset: offset), notes: ["no limit can be raised beyond \(levels)"],
      fix: "export the model with fewer graphs inside graphs")
  }

  /// More structure than the budget allows.
  func overBudget(at offset: Int) -> Diagnostic {
    limits.exceeded(
      "decoded-bytes-per-byte",
      "\(path(to: nil, at: offset)): up to here the file would take more than \(budget) bytes of memory",
      at: Location(byteOffset: offset))
  }

  /// Warnings about the fields that were left out, one for each message type and number.
  func unknownFieldWarnings() -> [Diagnostic] {
    unknown.map { found in
      .warning(
        "onnx/unknown-field",
        "\(schema.messageNames[found.message]) has a field \(found.number) that Lathe does not know; it is left out",
        at: Location(byteOffset: found.offset),
        notes: found.count > 1 ? ["\(found.count) messages or values have it"] : [],
        fix: "if the field matters, look for a newer Lathe")
    }
  }

  static func name(_ type: WireCursor.WireType) -> String {
    switch type {
    case .varint: "a varint"
    case .fixed64: "8 bytes"
    case .fixed32: "4 bytes"
    case .lengthPrefixed: "a block of bytes"
    case .groupStart, .groupEnd: "a group"
    }
  }

  /// The fields that lead to `offset`, such as `graph.node[12].attribute[0].t`; the message's type when there are none.
  func path(to field: Int?, at offset: Int) -> String {
    var parts: [String] = []
    for (parent, frame) in zip(frames, frames.dropFirst()) {
      parts.append(schema.fieldNames[frame.field] + index(of: frame.field, in: parent, before: frame.keyOffset))
    }
    if let field, let parent = frames.last {
      parts.append(schema.fieldNames[field] + index(of: field, in: parent, before: offset))
    }
    guard parts.isEmpty else { return Self.abridged(parts).joined(separator: ".") }
    return frames.first.map { schema.messageNames[$0.message] } ?? "message"
  }

  /// `parts` without the middle of a long path.
  private static func abridged(_ parts: [String]) -> [String] {
    parts.count <= 24 ? parts : parts.prefix(12) + ["…"] + parts.suffix(8)
  }

  /// `[n]` for the n-th value of a repeated field of messages or bytes, counted from the bytes again.
  private func index(of field: Int, in parent: Frame, before offset: Int) -> String {
    let entry = schema.fields[field]
    guard entry.isRepeated, !entry.isPackable else { return "" }
    var reader = WireCursor(cursor.bytes, at: parent.start)
    var count = 0
    while reader.position < offset {
      guard let key = reader.varint(before: parent.end), let type = WireCursor.WireType(rawValue: UInt8(key & 7)),
        reader.skip(type, before: parent.end), reader.position <= offset
      else { break }
      if key >> 3 == UInt64(entry.number) { count += 1 }
    }
    return "[\(count)]"
  }
}
