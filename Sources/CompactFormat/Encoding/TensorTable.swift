internal import CLatheProto
internal import Foundation
import LatheDiagnostics
import LatheProtobuf
import LatheTensors

/// The tensors of a model, each once, and where their contents go in the weights section.
///
/// Contents that are equal are stored once, whatever their types and shapes. What decides is the contents alone, so that
/// equal models give equal files.
struct TensorTable {
  /// Contents that go into the weights section.
  struct Payload {
    var tensor: Tensor
    /// From the start of the section.
    var offset: Int
    var checksum: UInt32
  }

  /// Bytes up to which contents are stored in the graph section itself.
  static let inlineBytes = 64

  private enum Contents: Hashable {
    case payload(Int)
    case bytes([UInt8])
    /// UTF-8, since Swift takes strings as equal that differ in bytes.
    case strings([[UInt8]])
  }

  private struct Identity: Hashable {
    var dtype: DType
    var shape: [Int]
    var contents: Contents
  }

  private struct View: Hashable {
    var storage: ObjectIdentifier
    var offset: Int
    var length: Int
  }

  private struct Digest: Hashable {
    var length: Int
    var checksum: UInt32
  }

  private(set) var payloads: [Payload] = []
  /// Length of the weights section so far.
  private(set) var length = 0
  private(set) var messages: [UnsafeMutablePointer<Proto.Tensor>] = []
  private var references: [Identity: UInt32] = [:]
  /// Payloads by the memory they were read from; the storage is kept, since its identity would else be used again.
  private var views: [View: (payload: Int, storage: TensorStorage)] = [:]
  private var digests: [Digest: [Int]] = [:]
  private let arena: MessageArena

  init(_ arena: MessageArena) { self.arena = arena }

  /// The reference to the tensor, which is added if it is new.
  mutating func reference(to tensor: Tensor) throws(Diagnostic) -> UInt32 {
    try checkRank(tensor.rank)
    let contents = try contents(of: tensor)
    let identity = Identity(dtype: tensor.dtype, shape: tensor.shape, contents: contents)
    if let known = references[identity] { return known }
    let message = arena.make(lathe__compact__tensor__init)
    message.pointee.dtype = UInt32(tensor.dtype.rawValue)
    message.pointee.n_shape = tensor.rank
    message.pointee.shape = arena.list(tensor.shape.map { UInt64($0) })
    message.pointee.layout = LATHE__COMPACT__TENSOR__LAYOUT__ROW_MAJOR
    place(contents, in: message)
    messages.append(message)
    let reference = UInt32(clamping: messages.count)
    references[identity] = reference
    return reference
  }

  private func place(_ contents: Contents, in message: UnsafeMutablePointer<Proto.Tensor>) {
    switch contents {
    case .payload(let number):
      message.pointee.place = LATHE__COMPACT__TENSOR__PLACE__WEIGHTS
      message.pointee.offset = UInt64(payloads[number].offset)
      message.pointee.length = UInt64(payloads[number].tensor.byteCount)
      message.pointee.crc = payloads[number].checksum
    case .bytes(let bytes):
      message.pointee.place = LATHE__COMPACT__TENSOR__PLACE__INLINE
      message.pointee.contents = arena.bytes(bytes)
    case .strings(let strings):
      message.pointee.place = LATHE__COMPACT__TENSOR__PLACE__STRINGS
      message.pointee.n_strings = strings.count
      message.pointee.strings = arena.list(strings.map { arena.bytes($0) })
    }
  }

  private mutating func contents(of tensor: Tensor) throws(Diagnostic) -> Contents {
    if let strings = tensor.strings { return .strings(strings.map { Array($0.utf8) }) }
    guard tensor.byteCount > Self.inlineBytes else { return .bytes(tensor.withBytes { Array($0) }) }
    return .payload(try payload(of: tensor))
  }

  private mutating func payload(of tensor: Tensor) throws(Diagnostic) -> Int {
    let view = tensor.storage.map {
      View(storage: ObjectIdentifier($0.0), offset: $0.byteOffset, length: tensor.byteCount)
    }
    if let view, let known = views[view] { return known.payload }
    var checksum = Checksum()
    try tensor.stream { checksum.append($0) }
    let digest = Digest(length: tensor.byteCount, checksum: checksum.value)
    let equal = digests[digest, default: []].first { number in Self.haveEqualBytes(tensor, payloads[number].tensor) }
    var number = payloads.count
    if let equal { number = equal } else { try add(tensor, digest) }
    if let view, let storage = tensor.storage?.0 { views[view] = (number, storage) }
    return number
  }

  /// Whether the contents, of equal lengths, are the same.
  private static func haveEqualBytes(_ a: Tensor, _ b: Tensor) -> Bool {
    a.withBytes { left in
      b.withBytes { right in
        guard let one = left.baseAddress, let other = right.baseAddress else { return true }
        return memcmp(one, other, Swift.min(left.count, right.count)) == 0
      }
    }
  }

  private mutating func add(_ tensor: Tensor, _ digest: Digest) throws(Diagnostic) {
    guard let offset = CompactLayout.aligned(length), offset <= Int.max - digest.length else {
      throw .invalid("lathe/size", "the model is larger than a .lathe file can be")
    }
    payloads.append(Payload(tensor: tensor, offset: offset, checksum: digest.checksum))
    length = offset + digest.length
    digests[digest, default: []].append(payloads.count - 1)
  }
}
