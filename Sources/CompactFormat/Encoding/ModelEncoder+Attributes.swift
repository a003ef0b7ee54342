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
    case .type, .types, .tensor, .tensors, .sparseTensor, .sparseTensors, .graph, .graphs:
      // Separately, since tables that grow while `self` is borrowed for `set` would be copied each time.
      let numbers = try references(to: value)
      set(numbers, in: message)
    }
    return message
  }

  /// References into the tables for what does not stand in the attribute itself; the tables grow by what is new.
  private mutating func references(to value: Attribute) throws(Diagnostic) -> [UInt32] {
    switch value {
    case .tensor(let tensor): return [try tensors.reference(to: tensor)]
    case .tensors(let list): return try list.map { tensor throws(Diagnostic) in try tensors.reference(to: tensor) }
    case .sparseTensor(let tensor): return [try reference(to: tensor)]
    case .sparseTensors(let list): return try list.map { tensor throws(Diagnostic) in try reference(to: tensor) }
    case .graph(let graph): return [queue(graph)]
    case .graphs(let graphs): return graphs.map { queue($0) }
    case .type(let type): return [try types.reference(to: type)]
    case .types(let list): return try list.map { type throws(Diagnostic) in try types.reference(to: type) }
    default: return []
    }
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
    waiting.append(graph)
    graphCount += 1
    return UInt32(clamping: graphCount)
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
