import OrderedCollections

extension JSONValue {
  /// The value as JSON text, the same for equal values on every host.
  ///
  /// Keys stay in their order. Numbers are written in the fewest digits that parse back to the same `Double`;
  /// infinities and NaN, which JSON cannot say, become `null`. Text stays UTF-8: only quotes, backslashes and control
  /// characters are escaped. `pretty` puts each element on its own line, indented by two spaces.
  ///
  /// - Parameter members: Stand in the place of the object at their path.
  public func serialized(pretty: Bool = false, with members: JSONMembers? = nil) -> String {
    var writer = JSONWriter(pretty: pretty, members: members?.members ?? [])
    writer.write(self, at: members?.path[...])
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}

private struct JSONWriter {
  let pretty: Bool
  /// Those of the object that stands at the path.
  let members: [JSONMembers.Member]
  var bytes: [UInt8] = []
  var depth = 0

  init(pretty: Bool, members: [JSONMembers.Member]) {
    self.pretty = pretty
    self.members = members
  }

  /// Writes `value`; `path` leads from it to the object that has `members`, nil leads nowhere.
  mutating func write(_ value: JSONValue, at path: ArraySlice<String>?) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .integer(let value): bytes += value.description.utf8
    case .number(let value): bytes += (value.isFinite ? value.description : "null").utf8
    case .string(let value): write(text: value)
    case .array(let elements):
      list("[", elements, "]") { writer, element in writer.write(element, at: nil) }
    case .object where path?.isEmpty ?? false:
      list("{", members, "}") { writer, member in writer.write(member.key, member.value, at: nil) }
    case .object(let members):
      list("{", members.elements, "}") { writer, member in
        writer.write(member.key, member.value, at: path?.first == member.key ? path?.dropFirst() : nil)
      }
    }
  }

  private mutating func write(_ key: String, _ value: JSONValue, at path: ArraySlice<String>?) {
    write(text: key)
    bytes += (pretty ? ": " : ":").utf8
    write(value, at: path)
  }

  private mutating func list<Elements: Collection>(
    _ open: String, _ elements: Elements, _ close: String, _ write: (inout JSONWriter, Elements.Element) -> Void
  ) {
    bytes += open.utf8
    depth += 1
    var isFirst = true
    for element in elements {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      breakLine()
      write(&self, element)
    }
    depth -= 1
    if !isFirst { breakLine() }
    bytes += close.utf8
  }

  private mutating func breakLine() {
    guard pretty else { return }
    bytes.append(UInt8(ascii: "\n"))
    bytes += repeatElement(UInt8(ascii: " "), count: 2 * depth)
  }

  private mutating func write(text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes += "\\\"".utf8
      case UInt8(ascii: "\\"): bytes += "\\\\".utf8
      case 0x08: bytes += "\\b".utf8
      case 0x09: bytes += "\\t".utf8
      case 0x0A: bytes += "\\n".utf8
      case 0x0C: bytes += "\\f".utf8
      case 0x0D: bytes += "\\r".utf8
      case 0..<0x20:
        bytes += (byte < 0x10 ? "\\u000" : "\\u00").utf8
        bytes += String(byte, radix: 16).utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
