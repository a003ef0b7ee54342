internal import CLatheProto
import LatheDiagnostics
import LatheTensors

/// Rebuilds the table of types.
struct TypeDecoder {
  private let reader: MessageReader
  private let dimensions: [Dimension]
  private let limits: ResourceLimits
  private(set) var types: [ValueType] = []
  private var depths: [Int] = []

  init(_ reader: MessageReader, _ dimensions: [Dimension], _ limits: ResourceLimits) {
    self.reader = reader
    self.dimensions = dimensions
    self.limits = limits
  }

  mutating func append(_ message: Proto.`Type`) throws(Diagnostic) {
    try reader.checkFields(message.base)
    var depth = 1
    let type: ValueType
    switch message.kind {
    case LATHE__COMPACT__TYPE__KIND__TENSOR: type = .tensor(try tensor(message))
    case LATHE__COMPACT__TYPE__KIND__SPARSE_TENSOR: type = .sparseTensor(try tensor(message))
    case LATHE__COMPACT__TYPE__KIND__SEQUENCE: type = .sequence(try element(message, &depth))
    case LATHE__COMPACT__TYPE__KIND__OPTIONAL: type = .optional(try element(message, &depth))
    case LATHE__COMPACT__TYPE__KIND__MAP:
      type = .map(key: try dtype(message.dtype), value: try element(message, &depth))
    case LATHE__COMPACT__TYPE__KIND__OPAQUE:
      type = .opaque(domain: try reader.text(message.domain), name: try reader.text(message.name))
    default: throw reader.fault("type", "type \(types.count) is of the unknown kind \(message.kind.rawValue)")
    }
    guard depth <= limits.nestingDepth else {
      throw limits.exceeded("nesting-depth", "a type is nested \(depth) deep", at: Location(byteOffset: reader.offset))
    }
    types.append(type)
    depths.append(depth)
  }

  /// The element type of a message with ONNX's number for it.
  func dtype(_ number: UInt32) throws(Diagnostic) -> DType {
    guard let raw = UInt8(exactly: number), let dtype = DType(rawValue: raw) else {
      throw reader.fault("dtype", "\(number) is no element type")
    }
    return dtype
  }

  private func element(_ message: Proto.`Type`, _ depth: inout Int) throws(Diagnostic) -> ValueType {
    depth = try 1 + reader.require(message.element, in: depths, "type")
    return try reader.require(message.element, in: types, "type")
  }

  private func tensor(_ message: Proto.`Type`) throws(Diagnostic) -> TensorType {
    let dtype = try dtype(message.dtype)
    guard message.ranked != 0 else { return TensorType(dtype, nil) }
    guard message.n_shape <= CompactLayout.maximumRank else {
      throw reader.fault("shape", "type \(types.count) has \(message.n_shape) axes")
    }
    return TensorType(
      dtype, try reader.list(message.n_shape, message.shape).map { (code) throws(Diagnostic) in try dimension(code) })
  }

  private func dimension(_ code: Int64) throws(Diagnostic) -> Dimension {
    if code >= 0 { return .known(Int(code)) }
    if code == -1 { return .unknown }
    let number = -2 - Int(code)
    guard number < dimensions.count else {
      throw reader.fault("reference", "there is no dimension \(number): there are \(dimensions.count)")
    }
    return dimensions[number]
  }
}
