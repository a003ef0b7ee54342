internal import CLatheProto
import LatheDiagnostics
import LatheProtobuf
import LatheTensors

/// The types that a model's values and attributes use, each once, elements before what they are elements of.
struct TypeTable {
  private var references: [ValueType: UInt32] = [:]
  private(set) var messages: [UnsafeMutablePointer<Proto.`Type`>] = []
  private(set) var dimensions: DimensionTable
  private let arena: MessageArena

  init(_ arena: MessageArena) {
    self.arena = arena
    dimensions = DimensionTable(arena)
  }

  /// The reference to the type, which is added if it is new; 0 for nil.
  mutating func reference(to type: ValueType?) throws(Diagnostic) -> UInt32 {
    guard let type else { return 0 }
    if let known = references[type] { return known }
    let message = arena.make(lathe__compact__type__init)
    switch type {
    case .tensor(let tensor):
      message.pointee.kind = LATHE__COMPACT__TYPE__KIND__TENSOR
      try fill(message, tensor)
    case .sparseTensor(let tensor):
      message.pointee.kind = LATHE__COMPACT__TYPE__KIND__SPARSE_TENSOR
      try fill(message, tensor)
    case .sequence(let element):
      message.pointee.kind = LATHE__COMPACT__TYPE__KIND__SEQUENCE
      message.pointee.element = try reference(to: element)
    case .optional(let element):
      message.pointee.kind = LATHE__COMPACT__TYPE__KIND__OPTIONAL
      message.pointee.element = try reference(to: element)
    case .map(let key, let value):
      message.pointee.kind = LATHE__COMPACT__TYPE__KIND__MAP
      message.pointee.dtype = UInt32(key.rawValue)
      message.pointee.element = try reference(to: value)
    case .opaque(let domain, let name):
      message.pointee.kind = LATHE__COMPACT__TYPE__KIND__OPAQUE
      message.pointee.domain = arena.bytes(domain)
      message.pointee.name = arena.bytes(name)
    }
    messages.append(message)
    let reference = UInt32(clamping: messages.count)
    references[type] = reference
    return reference
  }

  private mutating func fill(_ message: UnsafeMutablePointer<Proto.`Type`>, _ type: TensorType) throws(Diagnostic) {
    message.pointee.dtype = UInt32(type.dtype.rawValue)
    guard let shape = type.shape else { return }
    try checkRank(shape.count)
    var codes: [Int64] = []
    for dimension in shape { codes.append(try dimensions.code(dimension)) }
    message.pointee.ranked = 1
    message.pointee.n_shape = codes.count
    message.pointee.shape = arena.list(codes)
  }
}

/// Refuses ranks that a reader of `.lathe` files refuses.
func checkRank(_ rank: Int) throws(Diagnostic) {
  guard rank <= CompactLayout.maximumRank else {
    throw .invalid(
      "lathe/rank",
      "a tensor of rank \(rank) cannot be written: .lathe files take at most \(CompactLayout.maximumRank) axes")
  }
}
