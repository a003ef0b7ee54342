import LatheDiagnostics
import LatheTensors
import OrderedCollections

/// The attributes of a node by name, in the order they were given.
///
/// One codec serves ONNX, `.lathe`, the text form and JSON: an operator decodes itself from this and encodes itself into it.
public struct Attributes: Sendable, Equatable {
  public private(set) var values: OrderedDictionary<String, Attribute> = [:]

  public init() {}

  /// Attributes in the order given; a later duplicate replaces an earlier one.
  public init(_ pairs: [(String, Attribute)]) {
    for (name, value) in pairs { values[name] = value }
  }

  public var isEmpty: Bool { values.isEmpty }

  /// The attribute with this name; assigning nil removes it.
  public subscript(name: String) -> Attribute? {
    get { values[name] }
    set { values[name] = newValue }
  }

  /// The integer attribute, or nil if absent.
  ///
  /// - Throws: `operator/attribute-kind` if it has another kind; so do all typed accessors.
  public func integer(_ name: String) throws(Diagnostic) -> Int? {
    guard let value = values[name] else { return nil }
    guard case .integer(let integer) = value else { throw Self.wrongKind(name, value, .integer) }
    return Int(integer)
  }

  /// The integer attribute, or `fallback` if absent.
  public func integer(_ name: String, default fallback: Int) throws(Diagnostic) -> Int {
    try integer(name) ?? fallback
  }

  /// The integer attribute as a flag: any nonzero value is true.
  public func flag(_ name: String, default fallback: Bool) throws(Diagnostic) -> Bool {
    try integer(name).map { $0 != 0 } ?? fallback
  }

  public func float(_ name: String) throws(Diagnostic) -> Float? {
    guard let value = values[name] else { return nil }
    guard case .float(let float) = value else { throw Self.wrongKind(name, value, .float) }
    return float
  }

  public func float(_ name: String, default fallback: Float) throws(Diagnostic) -> Float { try float(name) ?? fallback }

  public func string(_ name: String) throws(Diagnostic) -> String? {
    guard let value = values[name] else { return nil }
    guard case .string(let string) = value else { throw Self.wrongKind(name, value, .string) }
    return string
  }

  public func string(_ name: String, default fallback: String) throws(Diagnostic) -> String {
    try string(name) ?? fallback
  }

  /// The string attribute as a case of an enumeration, or `fallback` if absent.
  ///
  /// - Throws: `operator/attribute-value` naming the accepted values.
  public func choice<C: RawRepresentable & CaseIterable>(
    _ name: String, default fallback: C
  ) throws(Diagnostic) -> C where C.RawValue == String {
    guard let text = try string(name) else { return fallback }
    guard let value = C(rawValue: text) else {
      let accepted = C.allCases.map(\.rawValue).joined(separator: ", ")
      throw .invalid("operator/attribute-value", "\(name) = \"\(text)\" is none of \(accepted)")
    }
    return value
  }

  public func integers(_ name: String) throws(Diagnostic) -> [Int]? {
    guard let value = values[name] else { return nil }
    guard case .integers(let integers) = value else { throw Self.wrongKind(name, value, .integers) }
    return integers.map { Int($0) }
  }

  public func floats(_ name: String) throws(Diagnostic) -> [Float]? {
    guard let value = values[name] else { return nil }
    guard case .floats(let floats) = value else { throw Self.wrongKind(name, value, .floats) }
    return floats
  }

  public func strings(_ name: String) throws(Diagnostic) -> [String]? {
    guard let value = values[name] else { return nil }
    guard case .strings(let strings) = value else { throw Self.wrongKind(name, value, .strings) }
    return strings
  }

  public func tensor(_ name: String) throws(Diagnostic) -> Tensor? {
    guard let value = values[name] else { return nil }
    guard case .tensor(let tensor) = value else { throw Self.wrongKind(name, value, .tensor) }
    return tensor
  }

  public func graph(_ name: String) throws(Diagnostic) -> Graph? {
    guard let value = values[name] else { return nil }
    guard case .graph(let graph) = value else { throw Self.wrongKind(name, value, .graph) }
    return graph
  }

  /// An element type given by its ONNX number.
  public func dtype(_ name: String) throws(Diagnostic) -> DType? {
    guard let number = try integer(name) else { return nil }
    guard let raw = UInt8(exactly: number), let dtype = DType(rawValue: raw) else {
      throw .invalid("operator/attribute-value", "\(name) = \(number) is no element type of ONNX")
    }
    return dtype
  }

  /// `value`, or the diagnostic for a required attribute that is missing.
  public static func required<T>(_ name: String, _ value: T?) throws(Diagnostic) -> T {
    guard let value else {
      throw .invalid("operator/attribute-missing", "the required attribute \(name) is missing")
    }
    return value
  }

  private static func wrongKind(_ name: String, _ value: Attribute, _ expected: Attribute.Kind) -> Diagnostic {
    .invalid(
      "operator/attribute-kind", "the attribute \(name) should be \(expected.rawValue), but is \(value.kind.rawValue)")
  }
}

extension Attributes {
  public mutating func set(_ name: String, _ value: Int) { values[name] = .integer(Int64(value)) }
  public mutating func set(_ name: String, _ value: Bool) { values[name] = .integer(value ? 1 : 0) }
  public mutating func set(_ name: String, _ value: Float) { values[name] = .float(value) }
  public mutating func set(_ name: String, _ value: String) { values[name] = .string(value) }
  public mutating func set(_ name: String, _ value: [Int]) { values[name] = .integers(value.map { Int64($0) }) }
  public mutating func set(_ name: String, _ value: [Float]) { values[name] = .floats(value) }
  public mutating func set(_ name: String, _ value: [String]) { values[name] = .strings(value) }
  public mutating func set(_ name: String, _ value: Tensor) { values[name] = .tensor(value) }
  public mutating func set(_ name: String, _ value: Graph) { values[name] = .graph(value) }
  /// Element types are written as their ONNX number.
  public mutating func set(_ name: String, _ value: DType) { values[name] = .integer(Int64(value.rawValue)) }
}
