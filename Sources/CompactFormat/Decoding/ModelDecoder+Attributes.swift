internal import CLatheProto
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import LatheTensors

extension ModelDecoder {
  /// The attributes of a node; `depth` grows with the graphs they hold.
  mutating func decode(
    _ messages: [UnsafeMutablePointer<Proto.Attribute>], _ depth: inout Int
  ) throws(Diagnostic) -> Attributes {
    var attributes = Attributes()
    for message in messages {
      try reader.checkFields(message.pointee.base)
      let name = try reader.text(message.pointee.name)
      guard attributes[name] == nil else { throw reader.fault("duplicate", "the attribute \(name) occurs twice") }
      attributes[name] = try decode(message.pointee, name, &depth)
    }
    return attributes
  }

  private mutating func decode(
    _ message: Proto.Attribute, _ name: String, _ depth: inout Int
  ) throws(Diagnostic) -> Attribute {
    let integers = reader.list(message.n_integers, message.integers)
    let floats = reader.list(message.n_floats, message.floats)
    let texts = reader.list(message.n_texts, message.texts)
    let references = reader.list(message.n_references, message.references)
    switch message.kind {
    case LATHE__COMPACT__ATTRIBUTE__KIND__INTEGER: return .integer(try only(integers, name))
    case LATHE__COMPACT__ATTRIBUTE__KIND__INTEGERS: return .integers(Array(integers))
    case LATHE__COMPACT__ATTRIBUTE__KIND__FLOAT: return .float(try only(floats, name))
    case LATHE__COMPACT__ATTRIBUTE__KIND__FLOATS: return .floats(Array(floats))
    case LATHE__COMPACT__ATTRIBUTE__KIND__STRING: return .string(try reader.text(try only(texts, name)))
    case LATHE__COMPACT__ATTRIBUTE__KIND__STRINGS: return .strings(try reader.texts(message.n_texts, message.texts))
    case LATHE__COMPACT__ATTRIBUTE__KIND__BYTES: return .bytes(Array(try only(texts, name).buffer))
    case LATHE__COMPACT__ATTRIBUTE__KIND__BYTE_STRINGS: return .byteStrings(texts.map { Array($0.buffer) })
    case LATHE__COMPACT__ATTRIBUTE__KIND__TENSOR: return .tensor(try entry(only(references, name), tensors, "tensor"))
    case LATHE__COMPACT__ATTRIBUTE__KIND__TENSORS: return .tensors(try entries(references, tensors, "tensor"))
    case LATHE__COMPACT__ATTRIBUTE__KIND__SPARSE_TENSOR:
      return .sparseTensor(try entry(only(references, name), sparseTensors, "sparse tensor"))
    case LATHE__COMPACT__ATTRIBUTE__KIND__SPARSE_TENSORS:
      return .sparseTensors(try entries(references, sparseTensors, "sparse tensor"))
    case LATHE__COMPACT__ATTRIBUTE__KIND__GRAPH: return .graph(try takeGraph(only(references, name), &depth))
    case LATHE__COMPACT__ATTRIBUTE__KIND__GRAPHS:
      var graphs: [Graph] = []
      for reference in references { graphs.append(try takeGraph(reference, &depth)) }
      return .graphs(graphs)
    case LATHE__COMPACT__ATTRIBUTE__KIND__TYPE: return .type(try entry(only(references, name), types, "type"))
    case LATHE__COMPACT__ATTRIBUTE__KIND__TYPES: return .types(try entries(references, types, "type"))
    default: throw reader.fault("attribute", "the attribute \(name) is of the unknown kind \(message.kind.rawValue)")
    }
  }

  private func only<Element>(_ elements: UnsafeBufferPointer<Element>, _ name: String) throws(Diagnostic) -> Element {
    guard elements.count == 1, let element = elements.first else {
      throw reader.fault("attribute", "the attribute \(name) has \(elements.count) elements where it must have one")
    }
    return element
  }

  private func entry<Element>(_ reference: UInt32, _ table: [Element], _ what: String) throws(Diagnostic) -> Element {
    try reader.require(reference, in: table, what)
  }

  private func entries<Element>(
    _ references: UnsafeBufferPointer<UInt32>, _ table: [Element], _ what: String
  ) throws(Diagnostic) -> [Element] {
    try references.map { (reference) throws(Diagnostic) in try reader.require(reference, in: table, what) }
  }

  /// The graph, which no other attribute can take afterwards.
  private mutating func takeGraph(_ reference: UInt32, _ depth: inout Int) throws(Diagnostic) -> Graph {
    let number = Int(reference) - 1
    guard graphs.indices.contains(number), let (graph, inner) = graphs[number] else {
      throw reader.fault("graph", "graph \(number) is held twice, is held by a graph behind it, or does not exist")
    }
    graphs[number] = nil
    depth = Swift.max(depth, inner + 1)
    return graph
  }
}
