import LatheDiagnostics
import LatheJSON

/// A value of a JSON document and the keys that lead to it, which diagnostics name.
struct DocumentValue {
  let value: JSONValue
  let path: String
  let file: String?

  init(_ value: JSONValue, path: String = "", file: String?) {
    self.value = value
    self.path = path
    self.file = file
  }

  /// The member `key`, or nil if it is missing or null.
  func optional(_ key: String) -> DocumentValue? {
    guard let member = value[key], !member.isNull else { return nil }
    return DocumentValue(member, path: path.isEmpty ? key : "\(path).\(key)", file: file)
  }

  /// The member `key`.
  ///
  /// - Throws: `tokenizers/json-value` if it is missing or null.
  func member(_ key: String) throws(Diagnostic) -> DocumentValue {
    if let member = optional(key) { return member }
    let state = value[key] == nil ? "missing" : "null"
    throw Self.fault("\(path.isEmpty ? key : "\(path).\(key)") is \(state)", file)
  }

  /// The elements of an array.
  func elements() throws(Diagnostic) -> [DocumentValue] {
    guard let elements = value.arrayValue else { throw wrong("an array") }
    return elements.enumerated().map { DocumentValue($1, path: "\(path)[\($0)]", file: file) }
  }

  func string() throws(Diagnostic) -> String {
    guard let string = value.stringValue else { throw wrong("a string") }
    return string
  }

  func truth() throws(Diagnostic) -> Bool {
    guard let truth = value.boolValue else { throw wrong("a truth value") }
    return truth
  }

  /// A whole number from 0 on.
  func count() throws(Diagnostic) -> Int {
    guard let count = value.intValue, count >= 0 else { throw wrong("a whole number from 0 on") }
    return count
  }

  /// An id of a token.
  func id() throws(Diagnostic) -> Int32 {
    guard let id = Int32(exactly: try count()) else { throw wrong("a token's id") }
    return id
  }

  /// The diagnostic for something that the document may say and that is not supported.
  func unsupported(_ what: String, _ supported: String) -> Diagnostic {
    .invalid(
      "tokenizers/json-unsupported", "\(path) \(what), which is not supported", at: Location(file: file),
      notes: ["supported is \(supported)"],
      fix: "give the vocab.txt of a BERT tokenizer, or change the tokenizer.json to what is supported")
  }

  /// The diagnostic for a value that contradicts the rest of the document.
  func fault(_ what: String) -> Diagnostic { Self.fault(path.isEmpty ? what : "\(path) \(what)", file) }

  /// The diagnostic for a value of another kind.
  func wrong(_ expected: String) -> Diagnostic {
    fault("is \(shown), where \(expected) is expected")
  }

  /// The value in short, for messages.
  var shown: String {
    switch value {
    case .string(let text): text.prefix(40).debugDescription
    case .integer, .number, .bool: value.serialized()
    default: value.kindDescription
    }
  }

  private static func fault(_ message: String, _ file: String?) -> Diagnostic {
    .invalid(
      "tokenizers/json-value", message, at: Location(file: file),
      fix: "give the tokenizer.json as Hugging Face tokenizers wrote it")
  }
}
