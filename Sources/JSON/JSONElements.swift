internal import Foundation

/// The tokens of an array of scalars, nested or flat, that a `JSONCursor` has passed over.
public struct JSONElements {
  /// One token; commas and white space are left out.
  public enum Token: Sendable, Hashable {
    case open, close
    /// A number, and where its first byte is.
    case number(at: Int)
    case truth(Bool)
    /// Anything else: a text, null, or an object.
    case other
  }

  private let text: UnsafeRawBufferPointer
  private let end: Int
  /// The byte behind the last token.
  public private(set) var offset: Int
  /// Where the last token starts.
  public private(set) var start: Int

  /// The tokens of the value that stands at `range` of `text`.
  public init(_ text: UnsafeRawBufferPointer, at range: Range<Int>) {
    self.text = text
    offset = range.lowerBound
    start = range.lowerBound
    end = range.upperBound
  }

  /// The next token; nil at the end.
  public mutating func next() -> Token? {
    while offset < end,
      text[offset] == 0x20 || text[offset] == UInt8(ascii: ",") || (0x09...0x0D).contains(text[offset])
    { offset += 1 }
    guard offset < end else { return nil }
    start = offset
    switch text[offset] {
    case UInt8(ascii: "["):
      offset += 1
      return .open
    case UInt8(ascii: "]"):
      offset += 1
      return .close
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      while offset < end, Self.isNumeric(text[offset]) { offset += 1 }
      return .number(at: start)
    case UInt8(ascii: "t"):
      offset += 4
      return .truth(true)
    case UInt8(ascii: "f"):
      offset += 5
      return .truth(false)
    default:
      offset = end
      return .other
    }
  }

  /// The number that was last returned, rounded once to the nearest `Double`.
  public var number: Double {
    // A closing bracket stands behind every number of an array, so the function stops within the text.
    guard let base = text.baseAddress else { return 0 }
    return strtod((base + start).assumingMemoryBound(to: CChar.self), nil)
  }

  /// The number that was last returned, if it is written as a whole one that fits.
  public var integer: Int64? { Int64(String(decoding: text[start..<offset], as: UTF8.self)) }

  /// The number that was last returned, if it is written as a whole one that fits and is not negative.
  public var unsignedInteger: UInt64? { UInt64(String(decoding: text[start..<offset], as: UTF8.self)) }

  private static func isNumeric(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
      || byte == UInt8(ascii: "+") || byte | 0x20 == UInt8(ascii: "e")
  }
}
