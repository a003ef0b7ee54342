/// Numbers of the bytes around the sections of a `.lathe` file, as `Schemas/lathe-format.md` specifies them.
public enum CompactLayout {
  /// First bytes of every file; anything that treats the file as text changes them.
  public static let magic: [UInt8] = [0x89, 0x4C, 0x41, 0x54, 0x48, 0x45, 0x0D, 0x0A, 0x1A, 0x0A]
  /// Reads as 0xFFFE where bytes are swapped.
  public static let byteOrderMark: UInt16 = 0xFEFF
  /// Changes when older readers would misread a file.
  public static let majorVersion: UInt16 = 1
  /// Changes when something is added that older readers may ignore.
  public static let minorVersion: UInt16 = 0
  /// Bytes before the section table.
  public static let headerLength = 40
  /// Bytes of one entry of the section table.
  public static let entryLength = 32
  /// Offset of the checksum of header and table.
  public static let checksumOffset = 36
  /// Sections in the file, and tensors in the weights section, start at multiples of this.
  public static let alignment = 64
  /// Axes a tensor or a type may have.
  public static let maximumRank = 255

  /// Flag of a section that a reader must understand.
  public static let requiredFlag: UInt32 = 1
  /// Flag of a section whose contents carry checksums of their own.
  public static let piecesFlag: UInt32 = 2

  /// Kinds of sections.
  public enum SectionKind: UInt32, Sendable, CaseIterable {
    /// The message `Model` of lathe.proto.
    case graph = 1
    /// Contents of tensors.
    case weights = 2
    /// The message `Text` of lathe.proto.
    case text = 3
    /// What was done to the model, as JSON.
    case record = 4
  }

  /// Whether these are the first bytes of a `.lathe` file, or of one that was damaged as text: reading it says which.
  public static func isCompact(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= 6, bytes[0] & 0x7F == magic[0] & 0x7F else { return false }
    return bytes[1..<6].elementsEqual(magic[1..<6])
  }

  /// `offset` rounded up to the alignment; nil beyond Int.
  static func aligned(_ offset: Int) -> Int? {
    let (sum, overflow) = offset.addingReportingOverflow(alignment - 1)
    return overflow ? nil : sum & ~(alignment - 1)
  }
}
