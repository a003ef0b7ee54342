internal import COnnx
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import LatheTensors

extension ModelEncoder {
  /// The message of an attribute; `graph` makes the messages of graphs in it, in order.
  func attribute(
    _ name: String, _ value: Attribute,
    graph: (Graph) throws(Diagnostic) -> UnsafeMutablePointer<Lathe__Onnx__GraphProto>
  ) throws(Diagnostic) -> UnsafeMutablePointer<Lathe__Onnx__AttributeProto> {
    let proto = arena.make(lathe__onnx__attribute_proto__init)
    (proto.pointee.has_name, proto.pointee.name) = text(name)
    proto.pointee.has_type = 1
    proto.pointee.type = value.kind.onnxType
    if setNumbersAndText(value, of: proto) { return proto }
    switch value {
    case .tensor(let tensor): proto.pointee.t = self.tensor(tensor)
    case .sparseTensor(let tensor): proto.pointee.sparse_tensor = sparseTensor(tensor)
    case .type(let type): proto.pointee.tp = attributeType(type)
    case .graph(let inner): proto.pointee.g = try graph(inner)
    case .tensors(let list):
      proto.pointee.n_tensors = list.count
      proto.pointee.tensors = arena.list(list.map { self.tensor($0) })
    case .sparseTensors(let list):
      proto.pointee.n_sparse_tensors = list.count
      proto.pointee.sparse_tensors = arena.list(list.map(sparseTensor))
    case .types(let list):
      proto.pointee.n_type_protos = list.count
      proto.pointee.type_protos = arena.list(list.map(attributeType))
    case .graphs(let list):
      var messages: [UnsafeMutablePointer<Lathe__Onnx__GraphProto>] = []
      for inner in list { messages.append(try graph(inner)) }
      proto.pointee.n_graphs = messages.count
      proto.pointee.graphs = arena.list(messages)
    default: break
    }
    return proto
  }

  /// Sets the value if it is of a kind that needs no message of its own.
  private func setNumbersAndText(_ value: Attribute, of proto: UnsafeMutablePointer<Lathe__Onnx__AttributeProto>)
    -> Bool
  {
    switch value {
    case .integer(let integer): (proto.pointee.has_i, proto.pointee.i) = (1, integer)
    case .float(let float): (proto.pointee.has_f, proto.pointee.f) = (1, float)
    case .string(let string): (proto.pointee.has_s, proto.pointee.s) = (1, arena.bytes(string))
    case .bytes(let bytes): (proto.pointee.has_s, proto.pointee.s) = (1, bytes.withUnsafeBytes { arena.bytes($0) })
    case .integers(let list): (proto.pointee.n_ints, proto.pointee.ints) = (list.count, arena.list(list))
    case .floats(let list): (proto.pointee.n_floats, proto.pointee.floats) = (list.count, arena.list(list))
    case .strings(let list):
      (proto.pointee.n_strings, proto.pointee.strings) = (list.count, arena.list(list.map { arena.bytes($0) }))
    case .byteStrings(let list):
      let copies = list.map { bytes in bytes.withUnsafeBytes { arena.bytes($0) } }
      (proto.pointee.n_strings, proto.pointee.strings) = (list.count, arena.list(copies))
    default: return false
    }
    return true
  }

  private func attributeType(_ type: ValueType) -> UnsafeMutablePointer<Lathe__Onnx__TypeProto> {
    demand.needTypeAttributes()
    demand.need(type)
    return arena.type(type)
  }
}

extension Attribute.Kind {
  fileprivate var onnxType: Lathe__Onnx__AttributeProto__AttributeType {
    switch self {
    case .float: LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT
    case .integer: LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT
    case .string: LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING
    case .tensor: LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR
    case .graph: LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH
    case .floats: LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS
    case .integers: LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS
    case .strings: LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS
    case .tensors: LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSORS
    case .graphs: LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS
    case .sparseTensor: LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR
    case .sparseTensors: LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSORS
    case .type: LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTO
    case .types: LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTOS
    }
  }
}
