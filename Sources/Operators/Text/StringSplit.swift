import LatheDiagnostics
import LatheIR
import LatheTensors

/// Strings cut at a delimiter, or at white space; rows are filled up with empty strings. The second result is how many
/// pieces each string has.
public struct StringSplit: Evaluable {
  /// Most strings that a result may have: a single long string makes all rows long.
  private static let mostPieces = 1 << 28

  public static let schema = OperatorSchema(
    "StringSplit", since: 20,
    inputs: [.init("X", "T1", [.string])],
    outputs: [.init("Y", "T2", [.string]), .init("Z", "T3", .int64)],
    attributes: ["delimiter": .string, "maxsplit": .integer])

  /// What separates pieces; nil or empty for white space, of which several in a row are one.
  public var delimiter: String?
  /// Most cuts of a string; nil for any number.
  public var maximumCuts: Int?

  public init(delimiter: String? = nil, maximumCuts: Int? = nil) {
    self.delimiter = delimiter
    self.maximumCuts = maximumCuts
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    delimiter = try attributes.string("delimiter")
    maximumCuts = try attributes.integer("maxsplit")
  }

  public func encode(into attributes: inout Attributes) {
    if let delimiter { attributes.set("delimiter", delimiter) }
    if let maximumCuts { attributes.set("maxsplit", maximumCuts) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    // Only the strings themselves tell how many pieces the longest row has.
    let longest = inputs.optional(0)?.constant?.strings.map { strings in
      Dimension.known(strings.map { pieces(of: $0).count }.max() ?? 0)
    }
    return [
      .tensor(TensorType(.string, type.shape.map { $0 + [longest ?? .unknown] })),
      .tensor(TensorType(.int64, type.shape)),
    ]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let rows = (input.strings ?? []).map(pieces)
    let longest = rows.map(\.count).max() ?? 0
    guard longest == 0 || rows.count <= Self.mostPieces / longest else {
      throw .invalid("operator/split", "StringSplit would fill \(rows.count) rows up to \(longest) pieces")
    }
    let filled = rows.flatMap { $0 + Array(repeating: "", count: longest - $0.count) }
    return [
      try Tensor(strings: filled, shape: input.shape + [longest]),
      try Tensor(rows.map { Int64($0.count) }, shape: input.shape),
    ]
  }

  private func pieces(of text: String) -> [String] {
    let most = maximumCuts.map { $0 < 0 ? Int.max : $0 } ?? Int.max
    guard let delimiter, !delimiter.isEmpty else { return words(of: text, most) }
    let (bytes, separator) = (Array(text.utf8), Array(delimiter.utf8))
    var result: [String] = []
    var (start, position) = (0, 0)
    while position + separator.count <= bytes.count, result.count < most {
      if bytes[position] == separator[0], bytes[position..<position + separator.count].elementsEqual(separator) {
        result.append(String(decoding: bytes[start..<position], as: UTF8.self))
        position += separator.count
        start = position
      } else {
        position += 1
      }
    }
    return result + [String(decoding: bytes[start...], as: UTF8.self)]
  }

  private func words(of text: String, _ most: Int) -> [String] {
    var result: [String] = []
    var rest = text.unicodeScalars[...]
    while true {
      rest = rest.drop { $0.properties.isWhitespace }
      if rest.isEmpty { return result }
      if result.count == most {
        // What is left keeps the white space inside it, but not at its end.
        while let last = rest.last, last.properties.isWhitespace { rest.removeLast() }
        return result + [String(rest)]
      }
      let word = rest.prefix { !$0.properties.isWhitespace }
      result.append(String(word))
      rest = rest[word.endIndex...]
    }
  }
}
