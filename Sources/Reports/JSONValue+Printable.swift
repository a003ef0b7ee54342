import LatheJSON
import OrderedCollections

extension JSONValue {
  /// The value with U+FFFD in its texts for what a page or XML cannot show as it is: control characters other than tabs and ends of lines,
  /// and marks that turn the direction of all that follows, which names and samples from a file may hold.
  var printable: JSONValue {
    switch self {
    case .string(let text): .string(Self.printable(text))
    case .array(let elements): .array(elements.map(\.printable))
    case .object(let members): .object(.init(members.map { (Self.printable($0.key), $0.value.printable) }) { first, _ in first })
    default: self
    }
  }

  private static func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isHidden) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { isHidden($0) ? "\u{FFFD}" : $0 }))
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D: false
    case ..<0x20, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069, 0xFFFE, 0xFFFF: true
    default: false
    }
  }
}
