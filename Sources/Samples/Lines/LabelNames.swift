import LatheDiagnostics
import LatheJSON

/// Turns the labels of samples into class indices.
struct LabelNames {
  private let names: [String]
  private let indices: [String: Int]

  /// `names` by index; empty if the model has none.
  init(_ names: [String]) {
    self.names = names
    indices = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
  }

  /// The class of a sample's `label`, which is a name, an index, or null or absent for none.
  func index(of label: JSONValue?, line: Int) throws(Diagnostic) -> Int? {
    let place = Location(line: line)
    switch label {
    case nil, .null: return nil
    case .string(let name): return try index(named: name, place)
    case .integer, .number:
      guard let index = label?.intValue, index >= 0 else {
        throw .invalid("samples/label", "the label is no index of a class: those are 0, 1, 2, …", at: place)
      }
      guard names.isEmpty || index < names.count else {
        throw .invalid(
          "samples/label", "the label is class \(index), but the model has the classes 0 to \(names.count - 1)",
          at: place,
          fix: "give the index or the name of one of the model's classes")
      }
      return index
    case let other?:
      throw .invalid(
        "samples/label", "the label is \(other.kindDescription)", at: place,
        fix: "give the name or the index of a class")
    }
  }

  private func index(named name: String, _ place: Location) throws(Diagnostic) -> Int {
    if let index = indices[name] { return index }
    guard !names.isEmpty else {
      throw .invalid(
        "samples/no-labels",
        "the label is the name \(name.prefix(80).debugDescription), but the model has no names of classes",
        at: place, fix: "give the names with --labels FILE, or use indices as labels")
    }
    let nearest = Spelling.nearest(name, among: names)
    throw .invalid(
      "samples/label", "the label \(name.prefix(80).debugDescription) is no class of the model", at: place,
      notes: ["the classes are \(names.prefix(40).joined(separator: ", "))\(names.count > 40 ? ", …" : "")"],
      fix: nearest.map { "did you mean \($0.debugDescription)?" } ?? "give the name or the index of one of the classes")
  }
}
