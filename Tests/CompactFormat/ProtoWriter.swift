/// Protobuf messages written by hand, for files that Lathe itself would never write.
struct ProtoWriter {
  private(set) var bytes: [UInt8] = []

  static func message(_ build: (inout ProtoWriter) -> Void) -> [UInt8] {
    var writer = ProtoWriter()
    build(&writer)
    return writer.bytes
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func number(_ field: UInt64, _ value: UInt64) {
    varint(field << 3)
    varint(value)
  }

  mutating func signed(_ field: UInt64, _ value: Int64) { number(field, UInt64(bitPattern: value << 1 ^ value >> 63)) }

  mutating func fixed32(_ field: UInt64, _ value: UInt32) {
    varint(field << 3 | 5)
    bytes += SealedFile.encoded(value)
  }

  mutating func bytes(_ field: UInt64, _ value: [UInt8]) {
    varint(field << 3 | 2)
    varint(UInt64(value.count))
    bytes += value
  }

  mutating func text(_ field: UInt64, _ value: String) { bytes(field, Array(value.utf8)) }

  mutating func message(_ field: UInt64, _ build: (inout ProtoWriter) -> Void) { bytes(field, Self.message(build)) }

  mutating func packed(_ field: UInt64, _ values: [UInt64]) {
    bytes(field, Self.message { for value in values { $0.varint(value) } })
  }
}

extension ProtoWriter {
  /// A model with metadata and an empty main graph, and what `build` adds.
  static func model(_ build: (inout ProtoWriter) -> Void) -> [UInt8] {
    message { model in
      model.message(6) { _ in }
      build(&model)
    }
  }

  /// Field numbers of lathe.proto's Model.
  mutating func graph(_ build: (inout ProtoWriter) -> Void) { message(1, build) }
  mutating func tensor(_ build: (inout ProtoWriter) -> Void) { message(2, build) }
  mutating func type(_ build: (inout ProtoWriter) -> Void) { message(4, build) }
  mutating func dimension(_ build: (inout ProtoWriter) -> Void) { message(5, build) }

  /// An opaque node of a graph.
  mutating func node(_ build: (inout ProtoWriter) -> Void) {
    message(6) { node in
      node.text(2, "Op")
      node.message(9) { $0.number(1, 1) }
      node.message(11) { _ in }
      build(&node)
    }
  }

  /// A float tensor in the weights section.
  mutating func weights(_ count: UInt64, offset: UInt64, crc: UInt32, length: UInt64? = nil, dtype: UInt64 = 1) {
    tensor { tensor in
      tensor.number(1, dtype)
      tensor.packed(2, [count])
      tensor.number(3, 1)
      tensor.number(4, 1)
      tensor.number(5, offset)
      tensor.number(6, length ?? count * 4)
      tensor.fixed32(7, crc)
    }
  }
}
