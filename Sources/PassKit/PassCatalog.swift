import LatheDiagnostics
import LatheJSON
internal import Foundation
import OrderedCollections

/// The passes that can be asked for, by id.
public struct PassCatalog: Sendable {
  private var types: [PassID: any Pass.Type] = [:]

  public init(_ types: [any Pass.Type]) {
    for type in types { self.types[type.id] = type }
  }

  /// Every pass, sorted by id.
  public var all: [any Pass.Type] { types.values.sorted { $0.id.rawValue < $1.id.rawValue } }

  /// Makes the pass with this id.
  ///
  /// - Parameter options: a JSON object with some of the pass's options, by their names in kebab-case.
  /// - Throws: `passes/unknown` and `passes/option…`, each with the nearest known name.
  public func make(_ id: PassID, options: JSONValue = [:]) throws(Diagnostic) -> any Pass {
    guard let type = types[id] else {
      let nearest = Spelling.nearest(id.rawValue, among: types.keys.map(\.rawValue))
      throw Diagnostic(
        "passes/unknown", .usage, "there is no pass \(id)",
        fix: nearest.map { "did you mean \($0)?" } ?? "lathe passes lists them")
    }
    return try Self.make(type, options)
  }

  /// The options of a pass as a JSON object with their defaults.
  public static func defaultOptions<P: Pass>(_ type: P.Type) throws(Diagnostic) -> OrderedDictionary<String, JSONValue>
  {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      encoder.keyEncodingStrategy = .custom { path in OptionKey(Self.kebabCase(path.last?.stringValue ?? "")) }
      let data = try encoder.encode(P.Options())
      return try JSONValue.parse(Array(data), file: nil).objectValue ?? [:]
    } catch {
      throw Diagnostic("passes/options", .internalFault, "the options of \(type.id) cannot be encoded: \(error)")
    }
  }

  private static func make<P: Pass>(_ type: P.Type, _ given: JSONValue) throws(Diagnostic) -> any Pass {
    let location = Location(pass: type.id.rawValue)
    guard let members = given.objectValue else {
      throw Diagnostic("passes/options", .usage, "options are an object, not \(given.kindDescription)", at: location)
    }
    var options = try defaultOptions(type)
    for (key, value) in members {
      guard options[key] != nil else {
        let nearest = Spelling.nearest(key, among: Array(options.keys))
        let known = options.isEmpty ? "it has none" : "it has \(options.keys.joined(separator: ", "))"
        throw Diagnostic(
          "passes/option-unknown", .usage, "\(type.id) has no option \(key)", at: location,
          fix: nearest.map { "did you mean \($0)?" } ?? known)
      }
      options[key] = value
    }
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .custom { path in OptionKey(Self.camelCase(path.last?.stringValue ?? "")) }
      let data = Data(JSONValue.object(options).serialized().utf8)
      return P(options: try decoder.decode(P.Options.self, from: data))
    } catch let DecodingError.typeMismatch(expected, context) {
      let key = Self.kebabCase(context.codingPath.last?.stringValue ?? "?")
      throw Diagnostic(
        "passes/option-type", .usage, "the option \(key) of \(type.id) is of type \(expected)", at: location)
    } catch {
      throw Diagnostic("passes/options", .usage, "the options of \(type.id) cannot be read: \(error)", at: location)
    }
  }

  private static func kebabCase(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? "-\($1.lowercased())" : String($1) }
  }

  private static func camelCase(_ name: String) -> String {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    return parts.dropFirst().reduce(String(parts.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
  }

  private struct OptionKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
