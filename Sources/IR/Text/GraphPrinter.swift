import LatheTensors
import OrderedCollections

/// Writes a graph in the text form that `GraphParser` reads back.
///
/// Provenance and annotations are not written.
public struct GraphPrinter: Sendable {
  /// Constants of up to this many elements are written out; larger ones as `#fingerprint`.
  public var inlineElements: Int

  public init(inlineElements: Int = 8) {
    self.inlineElements = inlineElements
  }

  /// The text, ending with a newline.
  public func print(_ graph: Graph) -> String {
    var lines: [String] = []
    append(graph, indent: "", prefix: "", suffix: "", to: &lines)
    return lines.joined(separator: "\n") + "\n"
  }

  /// Appends a graph; `prefix` goes before its first line and `suffix` behind its last.
  private func append(_ graph: Graph, indent: String, prefix: String, suffix: String, to lines: inout [String]) {
    let name = graph.name.isEmpty ? "" : " \(Self.quoted(graph.name))"
    let captures = graph.captures.isEmpty ? "" : " captures \(parameters(graph.captures, graph))"
    let outputs = graph.outputs.map { reference($0, graph) }.joined(separator: ", ")
    lines.append("\(prefix)graph\(name) \(parameters(graph.inputs, graph))\(captures) -> (\(outputs)) {")
    let inner = indent + "  "
    for id in graph.constants {
      guard let tensor = graph[id].constant else { continue }
      lines.append("\(inner)\(reference(id, graph)): \(literal(tensor))")
    }
    for id in graph.order { append(id, graph, indent: inner, to: &lines) }
    lines.append("\(indent)}\(suffix)")
  }

  private func parameters(_ ids: [ValueID], _ graph: Graph) -> String {
    let list = ids.map { id in
      let fallback = graph[id].defaultValue.map { " default \(literal($0))" } ?? ""
      return "\(reference(id, graph)): \(type(id, graph))\(fallback)"
    }
    return "(\(list.joined(separator: ", ")))"
  }

  private func append(_ id: NodeID, _ graph: Graph, indent: String, to lines: inout [String]) {
    let node = graph[id]
    let results = node.outputs.map { reference($0, graph) }.joined(separator: ", ")
    let operands = node.inputs.map { reference($0, graph) }.joined(separator: ", ")
    let captures =
      node.captures.isEmpty ? "" : " captures (\(node.captures.map { reference($0, graph) }.joined(separator: ", ")))"
    let types = node.outputs.map { $0.map { type($0, graph) } ?? "_" }.joined(separator: ", ")
    let name = node.name.isEmpty ? "" : " as \(Self.quoted(node.name))"
    let ending = "\(node.outputs.isEmpty ? "" : " : \(types)")\(name)"
    let start =
      "\(indent)\(results)\(node.outputs.isEmpty ? "" : " = ")\(operatorName(node.op))(\(operands))\(captures)"
    let attributes = node.op.attributes.values
    guard attributes.values.contains(where: Self.holdsGraph) else {
      let list = attributes.map { "\($0) = \(text($1))" }.joined(separator: ", ")
      lines.append("\(start)\(list.isEmpty ? "" : " {\(list)}")\(ending)")
      return
    }
    lines.append("\(start) {")
    for (position, (name, value)) in attributes.enumerated() {
      appendAttribute(name, value, indent + "  ", isLast: position == attributes.count - 1, to: &lines)
    }
    lines.append("\(indent)}\(ending)")
  }

  private func appendAttribute(
    _ name: String, _ value: Attribute, _ indent: String, isLast: Bool, to lines: inout [String]
  ) {
    let comma = isLast ? "" : ","
    switch value {
    case .graph(let graph): append(graph, indent: indent, prefix: "\(indent)\(name) = ", suffix: comma, to: &lines)
    case .graphs(let graphs) where !graphs.isEmpty:
      lines.append("\(indent)\(name) = [")
      for (position, graph) in graphs.enumerated() {
        let separator = position == graphs.count - 1 ? "" : ","
        append(graph, indent: indent + "  ", prefix: indent + "  ", suffix: separator, to: &lines)
      }
      lines.append("\(indent)]\(comma)")
    default: lines.append("\(indent)\(name) = \(text(value))\(comma)")
    }
  }

  private static func holdsGraph(_ value: Attribute) -> Bool { value.kind == .graph || value.kind == .graphs }

  private func operatorName(_ op: any Operator) -> String {
    guard let opaque = op as? OpaqueOperator else { return op.name.description }
    let overload = opaque.overload.isEmpty ? "" : " overload \(Self.quoted(opaque.overload))"
    return "opaque \(Self.quoted(opaque.name.description)) version \(opaque.version)\(overload) "
  }

  private func type(_ id: ValueID, _ graph: Graph) -> String { graph[id].type?.description ?? "?" }

  private func reference(_ id: ValueID?, _ graph: Graph) -> String {
    guard let id else { return "_" }
    let value = graph[id]
    let sigil = value.constant == nil ? "%" : "@"
    return sigil
      + (value.name.utf8.allSatisfy(TextLexer.isNameByte) && !value.name.isEmpty ? value.name : Self.quoted(value.name))
  }

  private func text(_ value: Attribute) -> String {
    switch value {
    case .integer(let integer): String(integer)
    case .float(let float): Self.number(float)
    case .string(let string): Self.quoted(string)
    case .bytes(let bytes): "bytes \(Self.hexadecimal(bytes))"
    case .tensor(let tensor): "tensor \(literal(tensor))"
    case .sparseTensor(let tensor): sparse(tensor)
    case .graph: "graph"
    case .type(let type): "type \(type)"
    case .integers(let list): Self.list("integers", list.map { String($0) })
    case .floats(let list): Self.list("floats", list.map(Self.number))
    case .strings(let list): Self.list("strings", list.map(Self.quoted))
    case .byteStrings(let list): Self.list("byteStrings", list.map { "bytes \(Self.hexadecimal($0))" })
    case .tensors(let list): Self.list("tensors", list.map { "tensor \(literal($0))" })
    case .sparseTensors(let list): Self.list("sparseTensors", list.map(sparse))
    case .graphs: "graphs []"
    case .types(let list): Self.list("types", list.map { "type \($0)" })
    }
  }

  private func sparse(_ tensor: SparseTensor) -> String {
    let shape = tensor.shape.map { String($0) }.joined(separator: ", ")
    return "sparse [\(shape)] tensor \(literal(tensor.values)) tensor \(literal(tensor.indices))"
  }

  /// A list, named by its kind where it is empty and so cannot be told apart.
  private static func list(_ kind: String, _ items: [String]) -> String {
    items.isEmpty ? "\(kind) []" : "[\(items.joined(separator: ", "))]"
  }

  /// Type and contents, or type and fingerprint.
  private func literal(_ tensor: Tensor) -> String {
    let type = TensorType(of: tensor)
    guard tensor.elementCount <= inlineElements else {
      let digits = String(tensor.fingerprint, radix: 16)
      return "\(type) #\(String(repeating: "0", count: 16 - digits.count))\(digits)"
    }
    return "\(type) = \(Self.contents(tensor))"
  }

  private static func contents(_ tensor: Tensor) -> String {
    if let strings = tensor.strings { return "[\(strings.map(quoted).joined(separator: ", "))]" }
    let items: [String]? =
      switch tensor.dtype {
      case .bool: tensor.elements(as: Bool.self)?.map { $0 ? "true" : "false" }
      case .uint64: tensor.elements(as: UInt64.self)?.map { String($0) }
      case .float64: tensor.elements(as: Double.self)?.map { number($0) }
      case .float32, .float16, .bfloat16: tensor.doubles()?.map { number(Float($0)) }
      default: tensor.integers()?.map { String($0) }
      }
    if let items, !items.contains("nan") { return "[\(items.joined(separator: ", "))]" }
    return tensor.withBytes { "bytes \(hexadecimal(Array($0)))" }
  }

  /// Shortest text that reads back as the same number, always with a point, an exponent, or a name.
  private static func number(_ value: some BinaryFloatingPoint & CustomStringConvertible) -> String {
    value.isNaN ? "nan" : value.description
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    "\"" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\""
  }

  /// The string in double quotes, with `\"`, `\\`, `\n`, `\r`, `\t` and `\u{…}` for other control characters.
  static func quoted(_ string: String) -> String {
    var result = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F {
          result += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
