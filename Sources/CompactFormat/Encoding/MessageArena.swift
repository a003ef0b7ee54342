internal import CLatheProto

/// Memory of the protobuf-c structures that are built, packed and dropped together.
final class MessageArena {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit {
    for block in blocks { block.deallocate() }
  }

  /// A new message; `initialize` is protobuf-c's function for its type.
  func message<Message>(_ initialize: (UnsafeMutablePointer<Message>?) -> Void) -> UnsafeMutablePointer<Message> {
    let pointer = allocate(Message.self, 1)
    initialize(pointer)
    return pointer
  }

  /// A copy of `bytes`; no memory for none, as protobuf-c decodes it.
  func data(_ bytes: UnsafeRawBufferPointer) -> ProtobufCBinaryData {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return ProtobufCBinaryData(len: 0, data: nil) }
    let target = allocate(UInt8.self, bytes.count)
    UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: bytes.count)
    return ProtobufCBinaryData(len: bytes.count, data: target)
  }

  /// A copy of `bytes`.
  func data(_ bytes: [UInt8]) -> ProtobufCBinaryData { bytes.withUnsafeBytes { data($0) } }

  /// A copy of `text` in UTF-8.
  func data(_ text: String) -> ProtobufCBinaryData {
    var text = text
    return text.withUTF8 { data(UnsafeRawBufferPointer($0)) }
  }

  /// A copy of `elements` for a repeated field.
  func list<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element>? {
    guard !elements.isEmpty else { return nil }
    let pointer = allocate(Element.self, elements.count)
    pointer.initialize(from: elements, count: elements.count)
    return pointer
  }

  /// A list of messages for a repeated field.
  func messages<Message>(_ elements: [UnsafeMutablePointer<Message>]) -> Proto.List<Message>? {
    list(elements.map { Optional($0) })
  }

  private func allocate<T>(_ type: T.Type, _ count: Int) -> UnsafeMutablePointer<T> {
    let pointer = UnsafeMutablePointer<T>.allocate(capacity: count)
    blocks.append(UnsafeMutableRawPointer(pointer))
    return pointer
  }
}

/// The wire format of a message.
func packed<Message>(_ message: UnsafeMutablePointer<Message>) -> [UInt8] {
  let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
  let size = protobuf_c_message_get_packed_size(base)
  return [UInt8](unsafeUninitializedCapacity: Swift.max(1, size)) { buffer, count in
    count = buffer.baseAddress.map { protobuf_c_message_pack(base, $0) } ?? 0
  }
}
