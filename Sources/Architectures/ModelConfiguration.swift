import LatheDiagnostics
import LatheJSON
import OrderedCollections

/// What a checkpoint's configuration says, checked as it is read.
struct ModelConfiguration {
  let values: JSONValue

  /// Extents beyond these are no model's, and would only be asked for to do harm.
  static let mostLayers = 1000
  static let largestExtent = 1 << 30

  /// The whole number under the first of `keys` that is there.
  ///
  /// - Throws: `architecture/config` if there is none and no `fallback`, or it is not in `range`.
  func integer(
    _ keys: String..., in range: ClosedRange<Int> = 1...largestExtent, default fallback: Int? = nil
  ) throws(Diagnostic) -> Int {
    guard let (key, value) = first(keys) else {
      guard let fallback else { throw Self.missing(keys) }
      return fallback
    }
    guard let number = value.intValue, range.contains(number) else {
      throw Self.bad(key, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// The positive number under `key`.
  func number(_ key: String, default fallback: Double) throws(Diagnostic) -> Double {
    guard let (_, value) = first([key]) else { return fallback }
    guard let number = value.doubleValue, number > 0 else { throw Self.bad(key, value, "a positive number") }
    return number
  }

  /// The text under the first of `keys` that is there.
  func text(_ keys: String..., default fallback: String) throws(Diagnostic) -> String {
    guard let (key, value) = first(keys) else { return fallback }
    guard let text = value.stringValue else { throw Self.bad(key, value, "a text") }
    return text
  }

  /// The truth value under `key`.
  func truth(_ key: String, default fallback: Bool) throws(Diagnostic) -> Bool {
    guard let (_, value) = first([key]) else { return fallback }
    guard let truth = value.boolValue else { throw Self.bad(key, value, "true or false") }
    return truth
  }

  /// The list of positive whole numbers under `key`.
  func integers(_ key: String, default fallback: [Int]) throws(Diagnostic) -> [Int] {
    guard let (_, value) = first([key]) else { return fallback }
    let numbers = (value.arrayValue ?? []).compactMap { $0.intValue }.filter { (1...1 << 16).contains($0) }
    guard !numbers.isEmpty, numbers.count == value.arrayValue?.count, numbers.count <= 64 else {
      throw Self.bad(key, value, "a list of positive whole numbers")
    }
    return numbers
  }

  /// Names of the classes by index, from `id2label`; empty where there are none.
  ///
  /// - Throws: `architecture/labels` if they are not the texts 0 to n − 1, or the configuration counts them otherwise.
  func labels() throws(Diagnostic) -> [String] {
    guard let (_, table) = first(["id2label"]) else { return [] }
    guard let entries = table.objectValue else { throw Self.bad("id2label", table, "an object") }
    var names = [String?](repeating: nil, count: entries.count)
    for (key, value) in entries {
      guard let index = Int(key), names.indices.contains(index), let name = value.stringValue else {
        throw .invalid(
          "architecture/labels",
          "id2label does not name the classes 0 to \(entries.count - 1): it has \(key.prefix(40).debugDescription)")
      }
      names[index] = name
    }
    return names.compactMap { $0 }
  }

  /// How many classes a head tells apart, where the configuration says so.
  func classCount(default fallback: Int = 2) throws(Diagnostic) -> Int {
    let count = try labels().count
    let said = try integer("num_labels", "num_classes", "_num_labels", default: count > 0 ? count : fallback)
    guard count == 0 || said == count else {
      throw .invalid("architecture/labels", "the configuration counts \(said) classes, but names \(count)")
    }
    return said
  }

  private func first(_ keys: [String]) -> (String, JSONValue)? {
    for key in keys {
      if let value = values[key], !value.isNull { return (key, value) }
    }
    return nil
  }

  private static func missing(_ keys: [String]) -> Diagnostic {
    .invalid(
      "architecture/config", "the configuration does not say \(keys.joined(separator: " or "))",
      fix: "give the config.json that the model was trained with")
  }

  private static func bad(_ key: String, _ value: JSONValue, _ wanted: String) -> Diagnostic {
    .invalid("architecture/config", "\(key) should be \(wanted), but is \(value.serialized().prefix(60))")
  }
}
