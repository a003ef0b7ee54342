internal import CLatheProto
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import LatheTensors

extension ModelEncoder {
  /// The message of one attribute.
  mutating func encode(_ name: String, _ value: Attribute) throws(Diagnostic) -> UnsafeMutablePointer<Proto.Attribute> {
    let message = arena.make(lathe__compact__attribute__init)
    message.pointee.name = arena.bytes(name)
    message.pointee.kind = Self.kind(of: value)
    switch value {
    case .integer(let integer): set([integer], in: message)
    case .integers(let integers): set(integers, in: message)
    case .float(let float): set([float], in: message)
    case .floats(let floats): set(floats, in: message)
    case .string(let string): set([arena.bytes(string)], in: message)
    case .strings(let strings): set(strings.map { arena.bytes($0) }, in: message)
    case .bytes(let bytes): set([arena.bytes(bytes)], in: message)
    case .byteStrings(let strings): set(strings.map { arena.bytes($0) }, in: message)
    case .tensor(let tensor): set([try tensors.reference(to: tensor)], in: message)
    case .tensors(let list):
      set(try list.map { tensor throws(Diagnostic) in try tensors.reference(to: tensor) }, in: message)
    case .sparseTensor(let tensor): set([try reference(to: tensor)], in: message)
    case .sparseTensors(let list):
      set(try list.map { tensor throws(Diagnostic) in try reference(to: tensor) }, in: message)
    case .graph(let graph): set([queue(graph)], in: message)
    case .graphs(let graphs): set(graphs.map { queue($0) }, in: message)
    case .type(let type): set([try types.reference(to: type)], in: message)
    case .types(let list): set(try list.map { type throws(Diagnostic) in try types.reference(to: type) }, in: message)
    }
    return message
  }

  private static func kind(of value: Attribute) -> Proto.AttributeKind {
    switch value {
    case .integer: LATHE__COMPACT__ATTRIBUTE__KIND__INTEGER
    case .integers: LATHE__COMPACT__ATTRIBUTE__KIND__INTEGERS
    case .float: LATHE__COMPACT__ATTRIBUTE__KIND__FLOAT
    case .floats: LATHE__COMPACT__ATTRIBUTE__KIND__FLOATS
    case .string: LATHE__COMPACT__ATTRIBUTE__KIND__STRING
    case .strings: LATHE__COMPACT__ATTRIBUTE__KIND__STRINGS
    case .bytes: LATHE__COMPACT__ATTRIBUTE__KIND__BYTES
    case .byteStrings: LATHE__COMPACT__ATTRIBUTE__KIND__BYTE_STRINGS
    case .tensor: LATHE__COMPACT__ATTRIBUTE__KIND__TENSOR
    case .tensors: LATHE__COMPACT__ATTRIBUTE__KIND__TENSORS
    case .sparseTensor: LATHE__COMPACT__ATTRIBUTE__KIND__SPARSE_TENSOR
    case .sparseTensors: LATHE__COMPACT__ATTRIBUTE__KIND__SPARSE_TENSORS
    case .graph: LATHE__COMPACT__ATTRIBUTE__KIND__GRAPH
    case .graphs: LATHE__COMPACT__ATTRIBUTE__KIND__GRAPHS
    case .type: LATHE__COMPACT__ATTRIBUTE__KIND__TYPE
    case .types: LATHE__COMPACT__ATTRIBUTE__KIND__TYPES
    }
  }

  private func set(_ integers: [Int64], in message: UnsafeMutablePointer<Proto.Attribute>) {
    message.pointee.n_integers = integers.count
    message.pointee.integers = arena.list(integers)
  }

  private func set(_ floats: [Float], in message: UnsafeMutablePointer<Proto.Attribute>) {
    message.pointee.n_floats = floats.count
    message.pointee.floats = arena.list(floats)
  }

  private func set(_ texts: [ProtobufCBinaryData], in message: UnsafeMutablePointer<Proto.Attribute>) {
    message.pointee.n_texts = texts.count
    message.pointee.texts = arena.list(texts)
  }

  private func set(_ references: [UInt32], in message: UnsafeMutablePointer<Proto.Attribute>) {
    message.pointee.n_references = references.count
    message.pointee.references = arena.list(references)
  }

  /// The reference that the graph will have.
  private mutating func queue(_ graph: Graph) -> UInt32 {
    graphs.append(graph)
    return UInt32(clamping: graphs.count)
  }

  private mutating func reference(to tensor: SparseTensor) throws(Diagnostic) -> UInt32 {
    try checkRank(tensor.shape.count)
    _ = try Tensor.elementCount(of: tensor.shape)
    let message = arena.make(lathe__compact__sparse_tensor__init)
    message.pointee.values = try tensors.reference(to: tensor.values)
    message.pointee.indices = try tensors.reference(to: tensor.indices)
    message.pointee.n_shape = tensor.shape.count
    message.pointee.shape = arena.list(tensor.shape.map { UInt64($0) })
    sparseTensors.append(message)
    return UInt32(clamping: sparseTensors.count)
  }
}
