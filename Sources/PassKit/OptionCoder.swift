internal import Foundation
import LatheDiagnostics
import LatheJSON
import OrderedCollections

/// Reads and writes a pass's options as JSON, whose keys are the properties' names in kebab-case.
struct OptionCoder<Options: PassOptions>: Sendable {
  let pass: PassID

  /// Every option with its default.
  ///
  /// - Throws: `passes/options` if they cannot be encoded.
  func defaults() throws(Diagnostic) -> OrderedDictionary<String, JSONValue> {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      encoder.keyEncodingStrategy = .custom { path in OptionKey(Self.kebabCase(path.last?.stringValue ?? "")) }
      let data = try encoder.encode(Options())
      return try JSONValue.parse(Array(data), file: nil).objectValue ?? [:]
    } catch {
      throw Diagnostic("passes/options", .internalFault, "the options of \(pass) cannot be encoded: \(error)")
    }
  }

  /// The defaults with what is given.
  ///
  /// - Throws: `passes/option-unknown`, `passes/option-type` and `passes/options`.
  func decode(_ given: JSONValue) throws(Diagnostic) -> Options {
    let location = Location(pass: pass.rawValue)
    var options = try defaults()
    for (key, value) in given.objectValue ?? [:] {
      guard options[key] != nil else {
        let nearest = Spelling.nearest(key, among: Array(options.keys))
        let known = options.isEmpty ? "it has none" : "it has \(options.keys.joined(separator: ", "))"
        throw Diagnostic(
          "passes/option-unknown", .usage, "\(pass) has no option \(key)", at: location,
          fix: nearest.map { "did you mean \($0)?" } ?? known)
      }
      // One item is a list as well.
      options[key] = options[key]?.arrayValue != nil && value.arrayValue == nil ? .array([value]) : value
    }
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .custom { path in OptionKey(Self.camelCase(path.last?.stringValue ?? "")) }
      return try decoder.decode(Options.self, from: Data(JSONValue.object(options).serialized().utf8))
    } catch let DecodingError.typeMismatch(expected, context) {
      let key = Self.kebabCase(context.codingPath.last?.stringValue ?? "?")
      let wanted = Self.kinds["\(expected)"] ?? "of type \(expected)"
      let found = options[key].map { ", not \($0.serialized())" } ?? ""
      throw Diagnostic("passes/option-type", .usage, "the option \(key) of \(pass) is \(wanted)\(found)", at: location)
    } catch let DecodingError.dataCorrupted(context) {
      let key = Self.kebabCase(context.codingPath.last?.stringValue ?? "?")
      throw Diagnostic(
        "passes/option-type", .usage, "the option \(key) of \(pass): \(context.debugDescription)", at: location)
    } catch {
      throw Diagnostic("passes/options", .usage, "the options of \(pass) cannot be read: \(error)", at: location)
    }
  }

  private static var kinds: [String: String] {
    ["Double": "a number", "Float": "a number", "Int": "a whole number", "Bool": "true or false", "String": "a text"]
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
