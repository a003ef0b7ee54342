internal import COnnx
internal import CProtobufC

/// The messages of a repeated field.
struct MessageList<Proto>: RandomAccessCollection {
  private let base: UnsafeMutablePointer<UnsafeMutablePointer<Proto>?>?
  let endIndex: Int
  var startIndex: Int { 0 }

  init(_ base: UnsafeMutablePointer<UnsafeMutablePointer<Proto>?>?, _ count: Int) {
    self.base = base
    endIndex = base == nil ? 0 : count
  }

  subscript(index: Int) -> UnsafeMutablePointer<Proto> {
    guard let message = base?[index] else { preconditionFailure("a repeated field lacks a message") }
    return message
  }
}

extension ProtobufCBinaryData {
  /// The bytes, valid as long as the message.
  var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: data, count: data == nil ? 0 : len) }

  /// The text; nil if it is not UTF-8.
  var text: String? { buffer.isEmpty ? "" : String(validating: buffer, as: UTF8.self) }

  /// The text, with what is not UTF-8 replaced.
  var repairedText: String { String(decoding: buffer, as: UTF8.self) }
}
