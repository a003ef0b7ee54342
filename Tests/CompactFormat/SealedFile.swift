/// A `.lathe` file taken apart and put together again with right checksums, by the specification and not by the code
/// under test.
struct SealedFile {
  struct Section {
    var kind: UInt32
    var flags: UInt32
    var bytes: [UInt8]
  }

  var major: UInt16 = 1
  var minor: UInt16 = 0
  var sections: [Section]

  init(sections: [Section]) { self.sections = sections }

  /// A file of a graph section and a weights section.
  init(graph: [UInt8], weights: [UInt8] = []) {
    sections = [Section(kind: 1, flags: 1, bytes: graph), Section(kind: 2, flags: 3, bytes: weights)]
  }

  init(_ file: [UInt8]) {
    sections = (0..<Int(Self.number(file, 20, 4))).map { index in
      let entry = 40 + 32 * index
      let (offset, length) = (Int(Self.number(file, entry + 8, 8)), Int(Self.number(file, entry + 16, 8)))
      return Section(
        kind: UInt32(Self.number(file, entry, 4)), flags: UInt32(Self.number(file, entry + 4, 4)),
        bytes: Array(file[offset..<offset + length]))
    }
  }

  var bytes: [UInt8] {
    var table: [UInt8] = []
    var body: [UInt8] = []
    let headerLength = 40 + 32 * sections.count
    for section in sections {
      body += [UInt8](repeating: 0, count: (64 - (headerLength + body.count) % 64) % 64)
      table +=
        Self.encoded(section.kind) + Self.encoded(section.flags) + Self.encoded(UInt64(headerLength + body.count))
      table += Self.encoded(UInt64(section.bytes.count))
      table += Self.encoded(section.flags & 2 != 0 ? 0 : Self.crc(section.bytes)) + Self.encoded(UInt32(0))
      body += section.bytes
    }
    var header: [UInt8] = [0x89] + Array("LATHE\r\n\u{1A}\n".utf8) + [0xFF, 0xFE]
    header += Self.encoded(major) + Self.encoded(minor) + Self.encoded(UInt32(headerLength))
    header +=
      Self.encoded(UInt32(sections.count)) + Self.encoded(UInt64(headerLength + body.count)) + Self.encoded(UInt32(0))
    return header + Self.encoded(Self.crc(header + [0, 0, 0, 0] + table)) + table + body
  }

  static func encoded<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
    (0..<count).reversed().reduce(0) { $0 << 8 | UInt64(bytes[offset + $1]) }
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { state, _ in state & 1 == 1 ? state >> 1 ^ 0x82F6_3B78 : state >> 1 }
  }

  /// CRC-32C, byte by byte.
  static func crc(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { state, byte in state >> 8 ^ table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] }
  }
}
