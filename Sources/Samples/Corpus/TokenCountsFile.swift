import LatheDiagnostics
import LatheFiles
import LatheTokenizers

/// A file that says how often each id occurs: `ID COUNT` in each line, or `ID` alone for one that has to stay; what follows is for people.
///
/// Empty lines and lines that begin with `#` say nothing.
public enum TokenCountsFile {
  /// Larger files are taken for something else.
  private static let maximumBytes = 1 << 28
  /// More ids than any vocabulary has.
  private static let mostIDs = 1 << 24

  /// The counts by id, up to the last that the file names; an id without a count has 1.
  ///
  /// - Throws: `file/…`, and `counts/…` with the line for what is no count.
  public static func read(path: String) throws(Diagnostic) -> [Int] {
    let bytes = try InputFile.bytes(of: path, maximumBytes: maximumBytes)
    var counts: [Int] = []
    var seen: Set<Int> = []
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let words = line.split(maxSplits: 2) { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      guard let first = words.first, first.first != UInt8(ascii: "#") else { continue }
      let location = Location(file: path, line: index + 1)
      guard let id = number(first), id < mostIDs else { throw .invalid("counts/id", "\(shown(first)) is no id", at: location) }
      var count: Int? = 1
      if words.count > 1 { count = number(words[1]) }
      guard let count else { throw .invalid("counts/count", "\(shown(words[1])) is no count", at: location) }
      guard seen.insert(id).inserted else { throw .invalid("counts/repeated", "the id \(id) stands there twice", at: location) }
      if id >= counts.count { counts += Array(repeating: 0, count: id + 1 - counts.count) }
      counts[id] = count
    }
    guard !seen.isEmpty else {
      throw .invalid("counts/empty", "the file names no ids", at: Location(file: path), fix: "write ID COUNT, or ID, in each line")
    }
    return counts
  }

  /// The lines for ids that occur, with their tokens where they are known.
  public static func text(_ counts: [Int], vocabulary: Vocabulary?) -> String {
    var lines = "# ID COUNT TOKEN\n"
    for (id, count) in counts.enumerated() where count > 0 {
      lines += "\(id)\t\(count)"
      if let token = vocabulary?.token(Int32(clamping: id)) { lines += "\t\(token)" }
      lines += "\n"
    }
    return lines
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.count < 19 else { return nil }
    var value = 0
    for byte in bytes {
      guard (0x30...0x39).contains(byte) else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    return value
  }

  private static func shown(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes.prefix(40), as: UTF8.self).debugDescription }
}
