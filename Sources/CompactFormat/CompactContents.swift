import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheTensors

/// Everything that goes into one `.lathe` file, with its place; the weights stay where they are.
struct CompactContents {
  private let header: [UInt8]
  /// Sections before the weights, in order.
  private let small: [[UInt8]]
  private let payloads: [TensorTable.Payload]

  init(_ model: Model) throws(Diagnostic) {
    try Verifier().verify(model.graph)
    var encoder = ModelEncoder()
    var sections: [(CompactLayout.SectionKind, [UInt8])] = [(.graph, try encoder.encode(model))]
    if let text = model.text { sections.append((.text, encoder.encode(text))) }
    if let record = model.record { sections.append((.record, Array(record.utf8))) }
    small = sections.map(\.1)
    payloads = encoder.tensors.payloads
    header = try Self.header(sections, weights: encoder.tensors.length)
  }

  /// Gives the bytes of the file to `sink`, in order.
  func write(_ sink: ByteSink) throws(Diagnostic) {
    var position = 0
    func put(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) {
      try sink(bytes)
      position += bytes.count
    }
    func align() throws(Diagnostic) {
      let padding = [UInt8](
        repeating: 0, count: (CompactLayout.alignment - position % CompactLayout.alignment) % CompactLayout.alignment)
      try padding.withUnsafeBufferPointer { (buffer) throws(Diagnostic) in try put(UnsafeRawBufferPointer(buffer)) }
    }
    for bytes in [header] + small {
      try align()
      try bytes.withUnsafeBufferPointer { (buffer) throws(Diagnostic) in try put(UnsafeRawBufferPointer(buffer)) }
    }
    try align()
    for payload in payloads {
      try align()
      try payload.tensor.stream(to: put)
    }
  }

  /// Header and section table; the weights are the last section.
  private static func header(
    _ small: [(kind: CompactLayout.SectionKind, bytes: [UInt8])], weights: Int
  ) throws(Diagnostic) -> [UInt8] {
    let length = CompactLayout.headerLength + (small.count + 1) * CompactLayout.entryLength
    var table: [UInt8] = []
    var end = length
    for (kind, bytes) in small {
      let offset = try aligned(end)
      let flags = kind == .graph ? CompactLayout.requiredFlag : 0
      let checksum = bytes.withUnsafeBytes { Checksum($0).value }
      CompactSection(kind, flags: flags, offset: offset, length: bytes.count, checksum: checksum).encode(into: &table)
      end = offset + bytes.count
    }
    let offset = try aligned(end)
    let flags = CompactLayout.requiredFlag | CompactLayout.piecesFlag
    CompactSection(.weights, flags: flags, offset: offset, length: weights, checksum: 0).encode(into: &table)
    let (total, overflow) = offset.addingReportingOverflow(weights)
    guard !overflow else { throw tooLarge() }

    var start = CompactLayout.magic
    start.appendLittleEndian(CompactLayout.byteOrderMark)
    start.appendLittleEndian(CompactLayout.majorVersion)
    start.appendLittleEndian(CompactLayout.minorVersion)
    start.appendLittleEndian(UInt32(length))
    start.appendLittleEndian(UInt32(small.count + 1))
    start.appendLittleEndian(UInt64(total))
    start.appendLittleEndian(UInt32(0))
    var checksum = Checksum()
    checksum.append(start)
    checksum.append([0, 0, 0, 0])
    checksum.append(table)
    start.appendLittleEndian(checksum.value)
    return start + table
  }

  private static func aligned(_ offset: Int) throws(Diagnostic) -> Int {
    guard let aligned = CompactLayout.aligned(offset) else { throw tooLarge() }
    return aligned
  }

  private static func tooLarge() -> Diagnostic {
    .invalid("lathe/size", "the model is larger than a .lathe file can be")
  }
}
