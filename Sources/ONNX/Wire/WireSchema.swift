internal import COnnx

/// What the scanner needs to know of a family of messages, read from the descriptors protobuf-c generated.
///
/// Messages and fields are indices into flat arrays of plain values, because the scanner looks them up for every field
/// of a file. `@unchecked` because of pointers to descriptors, which are constants of the program.
struct WireSchema: @unchecked Sendable {
  /// How the values of a field are encoded.
  enum Kind: Sendable {
    case varint, fixed32, fixed64, bytes, message
  }

  struct Field: Sendable {
    let number: UInt32
    let kind: Kind
    let isRepeated: Bool
    /// Bytes of one element in the C structure.
    let width: Int
    /// The message type of a field of messages.
    let message: Int
    /// Which of the message's sets of alternatives the field belongs to, from 1; 0 for none.
    let oneof: Int
    /// Whether the values stay in the file instead of passing through protobuf-c.
    let isPayload: Bool
    /// Whether it is a name, which `ResourceLimits.nameBytes` bounds.
    let isName: Bool

    var wireType: WireCursor.WireType {
      switch kind {
      case .varint: .varint
      case .fixed32: .fixed32
      case .fixed64: .fixed64
      case .bytes, .message: .lengthPrefixed
      }
    }

    /// Whether several values may come in one length-prefixed block.
    var isPackable: Bool { isRepeated && kind != .bytes && kind != .message }
  }

  struct Message: Sendable {
    let structBytes: Int
    let fields: Range<Int>
    /// Whether it counts as a level of nesting for `ResourceLimits.nestingDepth`.
    let isLevel: Bool
    /// Whether it is, or may hold, a message with payload.
    var reachesPayload: Bool
    let hasPayload: Bool
  }

  /// Which parts of the messages the scanner treats specially.
  struct Special {
    /// Short name of the message that counts as a level of nesting.
    var level: String
    /// Short name of the message with payload fields.
    var holder: String
    /// Numbers of its payload fields.
    var payload: Set<UInt32>
    /// Number of its field for the index of the first payload piece.
    var start: UInt32
    /// Number of its field for the count of payload pieces.
    var count: UInt32
    /// Field numbers from here on are ours, in memory only; in a file they are unknown.
    var firstPrivate: UInt32
  }

  private static let nameFields: Set<String> = [
    "dim_param", "domain", "input", "name", "op_type", "output", "overload", "ref_attr_name",
  ]

  let special: Special
  private(set) var messages: [Message] = []
  private(set) var fields: [Field] = []
  private(set) var messageNames: [String] = []
  private(set) var fieldNames: [String] = []
  private var indices: [UnsafePointer<ProtobufCMessageDescriptor>: Int] = [:]
  private var lookup: [Int16] = []
  private var lookupStride = 0

  /// Collects the messages reachable from `root`.
  init(root: UnsafePointer<ProtobufCMessageDescriptor>, special: Special) {
    self.special = special
    var order = [root]
    indices[root] = 0
    while messages.count < order.count {
      collect(order[messages.count], &order)
    }
    buildLookup()
    propagateReach()
  }

  /// Index of the field with `number` in `message`, unless it is unknown or ours.
  @inline(__always)
  func field(_ number: UInt32, of message: Int) -> Int? {
    guard number < lookupStride else { return nil }
    let index = lookup[message * lookupStride + Int(number)]
    return index < 0 ? nil : Int(index)
  }

  /// Index of the message type with `descriptor`.
  func index(of descriptor: UnsafePointer<ProtobufCMessageDescriptor>) -> Int? { indices[descriptor] }

  private mutating func collect(
    _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>, _ order: inout [UnsafePointer<ProtobufCMessageDescriptor>]
  ) {
    let name = String(cString: descriptor.pointee.short_name)
    let first = fields.count
    var oneofs: [UInt32: Int] = [:]
    for index in 0..<Int(descriptor.pointee.n_fields) {
      let source = descriptor.pointee.fields[index]
      guard source.id < special.firstPrivate else { continue }
      let kind = Self.kind(source.type)
      var message = 0
      if kind == .message, let target = source.descriptor?.assumingMemoryBound(to: ProtobufCMessageDescriptor.self) {
        message = indices[target] ?? order.count
        if message == order.count {
          indices[target] = message
          order.append(target)
        }
      }
      var oneof = 0
      if source.flags & PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue != 0 {
        oneof = oneofs[source.quantifier_offset, default: oneofs.count + 1]
        oneofs[source.quantifier_offset] = oneof
      }
      let fieldName = String(cString: source.name)
      fields.append(
        Field(
          number: source.id, kind: kind, isRepeated: source.label == PROTOBUF_C_LABEL_REPEATED,
          width: Self.width(source.type), message: message, oneof: oneof,
          isPayload: name == special.holder && special.payload.contains(source.id),
          isName: kind == .bytes && Self.nameFields.contains(fieldName)))
      fieldNames.append(fieldName)
    }
    messageNames.append(name)
    messages.append(
      Message(
        structBytes: descriptor.pointee.sizeof_message, fields: first..<fields.count, isLevel: name == special.level,
        reachesPayload: name == special.holder, hasPayload: name == special.holder))
  }

  private mutating func buildLookup() {
    lookupStride = Int(fields.map(\.number).max() ?? 0) + 1
    lookup = Array(repeating: -1, count: lookupStride * messages.count)
    for (message, entry) in messages.enumerated() {
      for index in entry.fields {
        lookup[message * lookupStride + Int(fields[index].number)] = Int16(index)
      }
    }
  }

  private mutating func propagateReach() {
    var changed = true
    while changed {
      changed = false
      for index in messages.indices where !messages[index].reachesPayload {
        let reaches = messages[index].fields.contains { field in
          fields[field].kind == .message && messages[fields[field].message].reachesPayload
        }
        guard reaches else { continue }
        messages[index].reachesPayload = true
        changed = true
      }
    }
  }

  private static func kind(_ type: ProtobufCType) -> Kind {
    switch type {
    case PROTOBUF_C_TYPE_FLOAT, PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_SFIXED32: .fixed32
    case PROTOBUF_C_TYPE_DOUBLE, PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_SFIXED64: .fixed64
    case PROTOBUF_C_TYPE_BYTES, PROTOBUF_C_TYPE_STRING: .bytes
    case PROTOBUF_C_TYPE_MESSAGE: .message
    default: .varint
    }
  }

  private static func width(_ type: ProtobufCType) -> Int {
    switch type {
    case PROTOBUF_C_TYPE_BYTES, PROTOBUF_C_TYPE_STRING: MemoryLayout<ProtobufCBinaryData>.stride
    case PROTOBUF_C_TYPE_MESSAGE: MemoryLayout<UnsafeRawPointer>.stride
    case PROTOBUF_C_TYPE_INT64, PROTOBUF_C_TYPE_SINT64, PROTOBUF_C_TYPE_UINT64, PROTOBUF_C_TYPE_DOUBLE,
      PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_SFIXED64:
      8
    default: 4
    }
  }
}
