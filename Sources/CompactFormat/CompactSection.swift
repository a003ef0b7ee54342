import LatheDiagnostics

/// One entry of the section table of a `.lathe` file.
public struct CompactSection: Sendable, Hashable {
  /// Number of the kind; `CompactLayout.SectionKind` lists the known ones.
  public var kind: UInt32
  /// `CompactLayout.requiredFlag` and `CompactLayout.piecesFlag`.
  public var flags: UInt32
  /// Offset in bytes from the start of the file.
  public var offset: Int
  /// Length in bytes.
  public var length: Int
  /// CRC-32C of the section; 0 for one that is checked in pieces.
  public var checksum: UInt32

  /// The kind, if it is known.
  public var knownKind: CompactLayout.SectionKind? { CompactLayout.SectionKind(rawValue: kind) }
  /// Whether a reader must understand it.
  public var isRequired: Bool { flags & CompactLayout.requiredFlag != 0 }
  /// Whether its contents carry checksums of their own.
  public var isCheckedInPieces: Bool { flags & CompactLayout.piecesFlag != 0 }

  /// `graph`, or `of kind 9`.
  var name: String { knownKind.map { "\($0)" } ?? "of kind \(kind)" }

  init(_ kind: CompactLayout.SectionKind, flags: UInt32, offset: Int, length: Int, checksum: UInt32) {
    self.kind = kind.rawValue
    self.flags = flags
    self.offset = offset
    self.length = length
    self.checksum = checksum
  }

  /// Reads the entry at `position` of the file and checks what it says by itself.
  ///
  /// - Precondition: the entry lies inside the file.
  init(_ file: UnsafeRawBufferPointer, at position: Int) throws(Diagnostic) {
    kind = file.littleEndian(UInt32.self, at: position)
    flags = file.littleEndian(UInt32.self, at: position + 4)
    checksum = file.littleEndian(UInt32.self, at: position + 24)
    guard let offset = Int(exactly: file.littleEndian(UInt64.self, at: position + 8)),
      let length = Int(exactly: file.littleEndian(UInt64.self, at: position + 16)),
      offset <= file.count, length <= file.count - offset
    else {
      throw .badCompactFile("section-range", "a section of kind \(kind) lies outside the file", at: position)
    }
    self.offset = offset
    self.length = length
    guard file.littleEndian(UInt32.self, at: position + 28) == 0 else {
      throw .badCompactFile("reserved", "a reserved field of the section table is not zero", at: position + 28)
    }
    guard flags & ~(CompactLayout.requiredFlag | CompactLayout.piecesFlag) == 0 else {
      throw .badCompactFile("section-flags", "the section \(name) has unknown flags", at: position + 4)
    }
    guard isCheckedInPieces == (knownKind == .weights), !isCheckedInPieces || checksum == 0 else {
      throw .badCompactFile("section-flags", "the section \(name) says wrongly how it is checked", at: position + 4)
    }
    guard knownKind != nil || !isRequired else {
      throw .badCompactFile(
        "section-unknown", "the file needs a section of kind \(kind), which this version of Lathe does not know",
        at: position,
        fix: "use a newer version of Lathe")
    }
  }

  func encode(into bytes: inout [UInt8]) {
    bytes.appendLittleEndian(kind)
    bytes.appendLittleEndian(flags)
    bytes.appendLittleEndian(UInt64(offset))
    bytes.appendLittleEndian(UInt64(length))
    bytes.appendLittleEndian(checksum)
    bytes.appendLittleEndian(UInt32(0))
  }
}
