import LatheDiagnostics
import LatheJSON
import LatheTensors

/// Nested lists of equal lengths, as their elements in row-major order and a shape.
struct JSONArray {
  var shape: [Int] = []
  private(set) var elements: [JSONValue] = []

  /// - Throws: `samples/ragged` if the lists differ in length or depth.
  init(_ value: JSONValue, named name: String) throws(Diagnostic) {
    var probe = value
    while case .array(let list) = probe {
      shape.append(list.count)
      guard let first = list.first else { break }
      probe = first
    }
    guard shape.count <= 64 else { throw Self.ragged(name, "it has \(shape.count) axes") }
    try collect(value, axis: 0, name)
  }

  private mutating func collect(_ value: JSONValue, axis: Int, _ name: String) throws(Diagnostic) {
    guard case .array(let list) = value else {
      guard axis == shape.count else { throw Self.ragged(name, "an element stands where others have a list") }
      elements.append(value)
      return
    }
    guard axis < shape.count else { throw Self.ragged(name, "a list stands where others have an element") }
    guard list.count == shape[axis] else {
      throw Self.ragged(name, "on axis \(axis), lists have \(shape[axis]) and \(list.count) elements")
    }
    for element in list { try collect(element, axis: axis + 1, name) }
  }

  private static func ragged(_ name: String, _ why: String) -> Diagnostic {
    .invalid(
      "samples/ragged", "the lists of the input \(name) make no tensor: \(why)", at: Location(value: name),
      fix: "make the lists of one axis equally long")
  }

  /// The type that numpy would give the elements, where the model does not say.
  var naturalType: DType {
    if elements.contains(where: { $0.stringValue != nil }) { return .string }
    if !elements.isEmpty, elements.allSatisfy({ $0.boolValue != nil }) { return .bool }
    let isWhole = elements.allSatisfy { if case .integer = $0 { true } else { false } }
    return isWhole && !elements.isEmpty ? .int64 : .float32
  }
}
