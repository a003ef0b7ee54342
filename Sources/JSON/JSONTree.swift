internal import CJSONC
import OrderedCollections

/// json-c's parse of a text, and its translation into `JSONValue`.
struct JSONTree {
  /// The value of the text.
  let value: JSONValue
  /// The members of the object that was to be kept apart; nil if there is none.
  private(set) var members: [JSONMembers.Member]?
  /// How many members its objects have in all.
  private(set) var memberCount = 0

  /// Parses `text` with `substitutions` made in it; the object at `path` becomes an empty one and `members`.
  init(
    parsing text: UnsafeRawBufferPointer, substitutions: [LexicalCheck.Substitution], maximumDepth: Int,
    membersAt path: [String]? = nil
  ) throws(JSONFault) {
    guard let tokener = json_tokener_new_ex(CInt(clamping: maximumDepth) + 2) else {
      throw JSONFault("memory", at: 0, "there is no memory to parse this text")
    }
    defer { json_tokener_free(tokener) }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8)

    var root = try Self.feed(tokener, text, substitutions)
    if json_tokener_get_error(tokener) == json_tokener_continue {
      root = json_tokener_parse_ex(tokener, "\n", 1)
    }
    let status = json_tokener_get_error(tokener)
    guard status == json_tokener_success else { throw Self.fault(status, at: text.count, in: text) }
    defer { json_object_put(root) }
    var translation = Translation()
    value = translation.translate(root, at: path?[...])
    memberCount = translation.memberCount
    members = translation.members
  }

  /// Gives the text to the tokener in pieces, with the substitutions between them.
  private static func feed(
    _ tokener: UnsafeMutablePointer<json_tokener>, _ text: UnsafeRawBufferPointer,
    _ substitutions: [LexicalCheck.Substitution]
  ) throws(JSONFault) -> OpaquePointer? {
    var start = 0
    for substitution in substitutions {
      _ = try feed(tokener, text, start..<substitution.range.lowerBound)
      substitution.bytes.withUnsafeBytes { bytes in
        _ = json_tokener_parse_ex(tokener, bytes.bindMemory(to: CChar.self).baseAddress, CInt(clamping: bytes.count))
      }
      start = substitution.range.upperBound
    }
    return try feed(tokener, text, start..<text.count)
  }

  private static func feed(
    _ tokener: UnsafeMutablePointer<json_tokener>, _ text: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(JSONFault) -> OpaquePointer? {
    guard !range.isEmpty, let base = text.baseAddress else { return nil }
    let piece = (base + range.lowerBound).assumingMemoryBound(to: CChar.self)
    let root = json_tokener_parse_ex(tokener, piece, CInt(clamping: range.count))
    let status = json_tokener_get_error(tokener)
    guard status != json_tokener_success, status != json_tokener_continue else { return root }
    throw fault(status, at: range.lowerBound + Int(clamping: json_tokener_get_parse_end(tokener)), in: text)
  }

  private static func fault(
    _ status: json_tokener_error, at offset: Int, in text: UnsafeRawBufferPointer
  ) -> JSONFault {
    let expectation: String? =
      switch status {
      case json_tokener_error_parse_array: "expected ',' or ']'"
      case json_tokener_error_parse_object_key_name: "expected a key in double quotes"
      case json_tokener_error_parse_object_key_sep: "expected ':' behind the key"
      case json_tokener_error_parse_object_value_sep: "expected ',' or '}'"
      default: nil
      }
    if status == json_tokener_continue || offset >= text.count {
      return JSONFault(
        "truncated", at: text.count, "the text ends within a value" + (expectation.map { ": \($0)" } ?? ""))
    }
    let found = JSONFault.name(ofByteAt: offset, in: text)
    return JSONFault("syntax", at: offset, expectation.map { "\($0), found \(found)" } ?? "unexpected \(found)")
  }
}

/// The translation of json-c's objects.
private struct Translation {
  var memberCount = 0
  var members: [JSONMembers.Member]?

  /// The value of `object`; `path` leads from it to the object whose members are kept apart, nil leads nowhere.
  mutating func translate(_ object: OpaquePointer?, at path: ArraySlice<String>?) -> JSONValue {
    switch json_object_get_type(object) {
    case json_type_boolean: return .bool(json_object_get_boolean(object) != 0)
    case json_type_int: return .integer(json_object_get_int64(object))
    case json_type_double: return .number(json_object_get_double(object))
    case json_type_string:
      guard let bytes = json_object_get_string(object) else { return .string("") }
      let length = Int(json_object_get_string_len(object))
      return .string(String(decoding: UnsafeRawBufferPointer(start: bytes, count: length), as: UTF8.self))
    case json_type_array:
      return .array((0..<json_object_array_length(object)).map { translate(json_object_array_get_idx(object, $0), at: nil) })
    case json_type_object:
      if path?.isEmpty ?? false { return keepApart(object) }
      var members = OrderedDictionary<String, JSONValue>(minimumCapacity: Int(json_object_object_length(object)))
      Self.forEachMember(of: object) { key, value in
        members[key] = translate(value, at: path?.first == key ? path?.dropFirst() : nil)
      }
      memberCount += members.count
      return .object(members)
    default: return .null
    }
  }

  private mutating func keepApart(_ object: OpaquePointer?) -> JSONValue {
    var members: [JSONMembers.Member] = []
    members.reserveCapacity(Int(json_object_object_length(object)))
    Self.forEachMember(of: object) { members.append(($0, translate($1, at: nil))) }
    memberCount += members.count
    self.members = members
    return .object([:])
  }

  private static func forEachMember(of object: OpaquePointer?, _ body: (String, OpaquePointer?) -> Void) {
    var iterator = json_object_iter_begin(object)
    var end = json_object_iter_end(object)
    while json_object_iter_equal(&iterator, &end) == 0 {
      if let key = json_object_iter_peek_name(&iterator) {
        body(String(cString: key), json_object_iter_peek_value(&iterator))
      }
      json_object_iter_next(&iterator)
    }
  }
}
