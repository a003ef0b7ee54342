/// Reads protobuf bytes without a schema, to see what was written.
struct ProtoReader {
  enum Value {
    case number(UInt64)
    case bytes([UInt8])
  }

  let fields: [(number: UInt64, value: Value)]

  init(_ bytes: some Collection<UInt8>) {
    var rest = Array(bytes)[...]
    var fields: [(number: UInt64, value: Value)] = []
    func varint() -> UInt64 {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while let byte = rest.popFirst() {
        value |= UInt64(byte & 0x7f) << shift
        shift += 7
        if byte < 0x80 { break }
      }
      return value
    }
    func fixed(_ count: Int) -> UInt64 {
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    while !rest.isEmpty {
      let key = varint()
      switch key & 7 {
      case 0: fields.append((key >> 3, .number(varint())))
      case 1: fields.append((key >> 3, .number(fixed(8))))
      case 5: fields.append((key >> 3, .number(fixed(4))))
      default:
        let count = Int(varint())
        fields.append((key >> 3, .bytes(Array(rest.prefix(count)))))
        rest = rest.dropFirst(count)
      }
    }
    self.fields = fields
  }

  func all(_ number: UInt64) -> [[UInt8]] {
    fields.compactMap { if $0.number == number, case .bytes(let bytes) = $0.value { bytes } else { nil } }
  }

  func messages(_ number: UInt64) -> [ProtoReader] { all(number).map { ProtoReader($0) } }
  func texts(_ number: UInt64) -> [String] { all(number).map { String(decoding: $0, as: UTF8.self) } }
  func text(_ number: UInt64) -> String { texts(number).first ?? "" }

  func numbers(_ number: UInt64) -> [Int] {
    fields.compactMap {
      if $0.number == number, case .number(let value) = $0.value { Int(Int64(bitPattern: value)) } else { nil }
    }
  }

  func number(_ number: UInt64) -> Int? { numbers(number).first }
}

/// What an ONNX file says, as text a test can be read by.
struct WrittenModel {
  let model: ProtoReader

  init(_ bytes: [UInt8]) { model = ProtoReader(bytes) }

  var irVersion: Int? { model.number(1) }
  var graph: ProtoReader { model.messages(7).first ?? ProtoReader([]) }
  /// `domain=version`, in the file's order.
  var operatorSets: [String] { model.messages(8).map { "\($0.text(1))=\($0.number(2) ?? 0)" } }
  var metadata: [String: String] { Dictionary(model.messages(14).map { ($0.text(1), $0.text(2)) }) { $1 } }
  /// `Op(a, b) {axis = 1} -> c`.
  var nodes: [String] { Self.nodes(graph) }
  var initializers: [String] { Self.initializers(graph) }
  var typedIntermediates: [String] { graph.messages(13).map { $0.text(1) } }

  static func initializers(_ graph: ProtoReader) -> [String] { graph.messages(5).map { $0.text(8) } }

  static func nodes(_ graph: ProtoReader) -> [String] {
    graph.messages(1).map { node in
      let attributes = node.messages(5).map { "\($0.text(1)) = \(value($0))" }
      let list = attributes.isEmpty ? "" : " {\(attributes.joined(separator: ", "))}"
      return
        "\(node.text(4))(\(node.texts(1).joined(separator: ", ")))\(list) -> \(node.texts(2).joined(separator: ", "))"
    }
  }

  private static func value(_ attribute: ProtoReader) -> String {
    switch attribute.number(20) {
    case 1: "\(Float(bitPattern: UInt32(attribute.number(2) ?? 0)))"
    case 2: "\(attribute.number(3) ?? 0)"
    case 3: attribute.text(4)
    case 5: "graph[\(attribute.messages(6).flatMap(nodes).joined(separator: "; "))]"
    case 7: "\(attribute.numbers(8))"
    default: "…"
    }
  }
}
