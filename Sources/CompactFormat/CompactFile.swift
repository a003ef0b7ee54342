import LatheDiagnostics
import LatheFiles
import LatheTensors

/// A `.lathe` file, mapped, whose header, section table, padding and section checksums are right.
///
/// What the sections hold is not looked at; `CompactReader` does that.
public struct CompactFile: @unchecked Sendable {
  /// Path as it was given.
  public let path: String
  /// Changes when older readers would misread a file.
  public let majorVersion: Int
  /// Changes when something is added that older readers may ignore.
  public let minorVersion: Int
  /// In the order of their offsets.
  public let sections: [CompactSection]
  /// All bytes, valid as long as the owner lives.
  let bytes: UnsafeRawBufferPointer
  let owner: AnyObject

  /// Maps the file and checks it.
  ///
  /// - Throws: `file/…` if it cannot be read, `lathe/…` for the first rule of the format that it breaks.
  public init(path: String) throws(Diagnostic) {
    let mapping = try MappedFile(path: path)
    do {
      try self.init(mapping.bytes, owner: mapping, path: mapping.path)
    } catch {
      throw error.located(in: Location(file: path))
    }
  }

  /// Checks a file that lies in memory.
  ///
  /// - Parameters:
  ///   - bytes: the whole file, readable and unchanged as long as `owner` lives.
  ///   - path: what diagnostics call it.
  /// - Throws: as `init(path:)`.
  public init(_ bytes: UnsafeRawBufferPointer, owner: AnyObject, path: String) throws(Diagnostic) {
    self.path = path
    self.bytes = bytes
    self.owner = owner
    try Self.checkMagic(bytes)
    majorVersion = Int(bytes.littleEndian(UInt16.self, at: 12))
    minorVersion = Int(bytes.littleEndian(UInt16.self, at: 14))
    guard majorVersion == Int(CompactLayout.majorVersion) else {
      let newer = majorVersion > Int(CompactLayout.majorVersion)
      throw .badCompactFile(
        "version", "the file has version \(majorVersion).\(minorVersion) of the format, but this Lathe reads version 1",
        at: 12,
        fix: newer
          ? "use a newer version of Lathe, or convert the model again with this one" : "convert the model again")
    }
    let count = try Self.checkHeader(bytes)
    sections = try Self.readTable(bytes, count)
  }

  /// The contents of the section, if there is one of this kind.
  func contents(_ kind: CompactLayout.SectionKind) -> UnsafeRawBufferPointer? {
    section(kind).map { UnsafeRawBufferPointer(rebasing: bytes[$0.offset..<$0.offset + $0.length]) }
  }

  /// The section of this kind, if there is one.
  public func section(_ kind: CompactLayout.SectionKind) -> CompactSection? {
    sections.first { $0.kind == kind.rawValue }
  }

  private static func checkMagic(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) {
    let magic = CompactLayout.magic
    guard bytes.starts(with: magic) else {
      guard CompactLayout.isCompact(bytes) else {
        let what = bytes.isEmpty ? "the file is empty" : "this is not a .lathe file"
        throw .badCompactFile("magic", what, at: 0, fix: "give a file that `lathe convert` wrote")
      }
      throw .badCompactFile(
        "magic", "the file's first bytes were changed, as by a transfer that takes it for text", at: 0,
        fix: "transfer the file again in binary mode")
    }
    guard bytes.count >= CompactLayout.headerLength else {
      throw .badCompactFile("truncated", "the file ends inside its header, after \(bytes.count) bytes", at: bytes.count)
    }
    guard bytes.littleEndian(UInt16.self, at: 10) == CompactLayout.byteOrderMark else {
      throw .badCompactFile("byte-order", "the byte-order mark is wrong", at: 10)
    }
  }

  /// Checks the fixed header and the checksum of header and table; gives the number of sections.
  private static func checkHeader(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) -> Int {
    let length = Int(bytes.littleEndian(UInt32.self, at: 16))
    let count = Int(bytes.littleEndian(UInt32.self, at: 20))
    guard length == CompactLayout.headerLength + count * CompactLayout.entryLength else {
      throw .badCompactFile("header-length", "a header of \(length) bytes does not fit \(count) sections", at: 16)
    }
    let fileLength = bytes.littleEndian(UInt64.self, at: 24)
    guard length <= bytes.count, fileLength == UInt64(bytes.count) else {
      throw .badCompactFile(
        "truncated", "the file should have \(fileLength) bytes, but has \(bytes.count)", at: bytes.count,
        fix: "the file was cut short or extended: fetch it again, or convert the model again")
    }
    guard bytes.littleEndian(UInt32.self, at: 32) == 0 else {
      throw .badCompactFile("reserved", "a reserved field of the header is not zero", at: 32)
    }
    let place = CompactLayout.checksumOffset
    var checksum = Checksum(UnsafeRawBufferPointer(rebasing: bytes[..<place]))
    checksum.append([0, 0, 0, 0])
    checksum.append(UnsafeRawBufferPointer(rebasing: bytes[(place + 4)..<length]))
    guard checksum.value == bytes.littleEndian(UInt32.self, at: place) else {
      throw .badCompactFile("checksum", "the checksum of the header is wrong", at: place)
    }
    return count
  }

  /// Reads the table and checks that the sections, with zeros between them, fill the file.
  private static func readTable(_ bytes: UnsafeRawBufferPointer, _ count: Int) throws(Diagnostic) -> [CompactSection] {
    var sections: [CompactSection] = []
    var kinds: Set<UInt32> = []
    var end = CompactLayout.headerLength + count * CompactLayout.entryLength
    for index in 0..<count {
      let position = CompactLayout.headerLength + index * CompactLayout.entryLength
      let section = try CompactSection(bytes, at: position)
      guard kinds.insert(section.kind).inserted || section.knownKind == nil else {
        throw .badCompactFile("section-twice", "there are two sections \(section.name)", at: position)
      }
      guard section.offset == CompactLayout.aligned(end) else {
        throw .badCompactFile(
          "section-range", "the section \(section.name) does not follow the one before it", at: position)
      }
      if let nonzero = bytes.firstNonzero(in: end..<section.offset) {
        throw .badCompactFile("padding", "a byte between two sections is not zero", at: nonzero)
      }
      end = section.offset + section.length
      sections.append(section)
    }
    guard end == bytes.count else {
      throw .badCompactFile("section-range", "\(bytes.count - end) bytes at the end belong to no section", at: end)
    }
    for section in sections where !section.isCheckedInPieces {
      let contents = UnsafeRawBufferPointer(rebasing: bytes[section.offset..<section.offset + section.length])
      guard Checksum(contents).value == section.checksum else {
        throw .badCompactFile("checksum", "the checksum of the section \(section.name) is wrong", at: section.offset)
      }
    }
    return sections
  }
}
