/// Finds the repeated key in a text that is known to be JSON and to have one.
enum RepeatedKey {
  static func fault(in text: UnsafeRawBufferPointer) -> JSONFault {
    var objects: [Set<String>] = []
    var offset = 0
    while offset < text.count {
      switch text[offset] {
      case UInt8(ascii: "{"): objects.append([])
      case UInt8(ascii: "}"): objects.removeLast()
      case UInt8(ascii: "\""):
        let end = endOfString(at: offset, in: text)
        let token = UnsafeRawBufferPointer(rebasing: text[offset..<end])
        if isKey(endingAt: end, in: text), !objects.isEmpty, let key = decoded(token) {
          guard objects[objects.count - 1].insert(key).inserted else {
            return JSONFault("repeated-key", at: offset, "the key \"\(key.prefix(80))\" occurs twice in one object")
          }
        }
        offset = end
        continue
      default: break
      }
      offset += 1
    }
    return JSONFault("repeated-key", at: 0, "an object has the same key twice")
  }

  private static func endOfString(at start: Int, in text: UnsafeRawBufferPointer) -> Int {
    var offset = start + 1
    while offset < text.count, text[offset] != UInt8(ascii: "\"") {
      offset += text[offset] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(offset + 1, text.count)
  }

  private static func isKey(endingAt end: Int, in text: UnsafeRawBufferPointer) -> Bool {
    text[end...].first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D } == UInt8(ascii: ":")
  }

  private static func decoded(_ token: UnsafeRawBufferPointer) -> String? {
    guard let check = try? LexicalCheck(token, maximumDepth: 1) else { return nil }
    return try? JSONTree(parsing: token, substitutions: check.substitutions, maximumDepth: 1).value.stringValue
  }
}
