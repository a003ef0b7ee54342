import LatheDiagnostics
import LatheJSON
internal import Yams

/// Parses YAML, of which JSON is a part, into nodes that know their lines.
///
/// Plain scalars mean what they mean in JSON: `yes` and `0o7` are texts. Anchors, aliases and tags are refused, and nesting is bounded.
struct DocumentParser {
  static let maximumBytes = 1 << 18

  let file: String

  /// - Throws: `recipe/syntax`, `recipe/empty`, `recipe/nesting`, `recipe/anchor`, `recipe/tag`.
  func parse(_ bytes: [UInt8]) throws(Diagnostic) -> DocumentNode {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .invalid("recipe/encoding", "the file is not UTF-8", at: Location(file: file), fix: "save it as UTF-8")
    }
    try DocumentGuard(file: file).check(bytes)
    let root: Yams.Node?
    do {
      root = try Yams.compose(yaml: text, .default, .default, .utf8)
    } catch {
      throw fault(error)
    }
    guard let root else { throw .invalid("recipe/empty", "there is nothing in it", at: Location(file: file), fix: "write passes: and a list") }
    return try convert(root)
  }

  private func convert(_ node: Yams.Node) throws(Diagnostic) -> DocumentNode {
    let location = place(node.mark)
    switch node {
    case .scalar(let scalar):
      return DocumentNode(content: .scalar(value(of: scalar)), location: location)
    case .sequence(let sequence):
      var elements: [DocumentNode] = []
      for element in sequence { elements.append(try convert(element)) }
      return DocumentNode(content: .list(elements), location: location)
    case .mapping(let mapping):
      var members: [DocumentNode.Member] = []
      for (key, value) in mapping {
        guard case .scalar(let name) = key else {
          throw .invalid("recipe/key", "a key is a text", at: place(key.mark), fix: "write KEY: VALUE")
        }
        members.append(.init(key: name.string, location: place(key.mark), value: try convert(value)))
      }
      return DocumentNode(content: .mapping(members), location: location)
    case .alias:
      throw .invalid("recipe/anchor", "anchors and aliases have no place here", at: location, fix: "write the value out")
    }
  }

  private func value(of scalar: Yams.Node.Scalar) -> JSONValue {
    guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
    if scalar.string.isEmpty || scalar.string == "~" { return .null }
    let parsed = try? JSONValue.parse(scalar.string)
    switch parsed {
    case .null, .bool, .integer, .number: return parsed ?? .null
    default: return .string(scalar.string)
    }
  }

  private func place(_ mark: Mark?) -> Location {
    Location(file: file, line: mark?.line, column: mark?.column)
  }

  private func fault(_ error: any Error) -> Diagnostic {
    var location = Location(file: file)
    var problem = "\(error)"
    switch error as? YamlError {
    case .scanner(_, let text, let mark, _), .parser(_, let text, let mark, _), .composer(_, let text, let mark, _):
      location = place(mark)
      problem = text
    case .duplicatedKeysInMapping(let keys, let context):
      location = place(context.mark)
      problem = "the key \(keys.first.map { "\($0)" } ?? "") stands there twice"
    case .reader(let text, _, _, _): problem = text
    default: break
    }
    return .invalid("recipe/syntax", "this is no YAML or JSON: \(problem)", at: location)
  }
}
