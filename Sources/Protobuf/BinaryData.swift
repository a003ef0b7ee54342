package import CProtobufC

extension ProtobufCBinaryData {
  /// The bytes, valid as long as the message.
  package var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: data, count: data == nil ? 0 : len) }

  /// The text; nil if it is not UTF-8.
  package var text: String? { buffer.isEmpty ? "" : String(validating: buffer, as: UTF8.self) }

  /// The text, with what is not UTF-8 replaced.
  package var repairedText: String { String(decoding: buffer, as: UTF8.self) }
}
