import LatheDiagnostics
import LatheFiles
import LatheJSON
import OrderedCollections

/// Reads the texts of files one at a time, as often as wanted, without holding a file in memory.
///
/// A `.jsonl` file has an object with a `"text"`, and perhaps a `"text_pair"`, in each line; any other file has a text in each line. Blank lines are no texts.
public struct CorpusReader: Sendable {
  /// The rows of `.jsonl` files that count: those where a member has this value.
  public struct Filter: Sendable, Hashable {
    public var key: String
    public var value: String

    public init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  /// Pages of a file that are read before they are given back.
  private static let droppedBytes = 32 << 20

  private let files: [MappedFile]
  private let filter: Filter?
  private let limits: ResourceLimits

  /// - Throws: `file/…` for a file that cannot be read, `corpus/filter` if rows of a file without members are to be chosen.
  public init(paths: [String], filter: Filter?, limits: ResourceLimits) throws(Diagnostic) {
    var files: [MappedFile] = []
    for path in paths {
      if filter != nil, !Self.isJSONLines(path) {
        throw Diagnostic(
          "corpus/filter", .usage, "rows can be chosen in .jsonl files only, and \(path) is none", at: Location(file: path),
          fix: "leave the choice of rows out, or give the texts as .jsonl")
      }
      files.append(try MappedFile(path: path))
    }
    self.files = files
    self.filter = filter
    self.limits = limits
  }

  /// Bytes of all files.
  public var byteCount: Int { files.reduce(0) { $0 + $1.bytes.count } }

  private static func isJSONLines(_ path: String) -> Bool { path.hasSuffix(".jsonl") }

  /// Gives the body each text, in order.
  ///
  /// - Parameter progress: told, now and then, of so many bytes more.
  /// - Throws: `json/…` and `corpus/…` for lines that hold no text, `corpus/empty` where there is none at all, and what the body throws.
  public func forEach(progress: (Int) -> Void = { _ in }, _ body: (String) throws(Diagnostic) -> Void) throws(Diagnostic) {
    var count = 0
    for file in files {
      do {
        count += try read(file, progress, body)
      } catch {
        throw error.located(in: Location(file: file.path))
      }
    }
    guard count > 0 else {
      let rows = filter.map { " whose \($0.key) is \($0.value)" } ?? ""
      throw .invalid(
        "corpus/empty", "the corpus has no texts\(rows): \(files.map(\.path).joined(separator: ", "))",
        fix: "give files with texts, .jsonl with {\"text\": …} or one text a line")
    }
  }

  private func read(
    _ file: MappedFile, _ progress: (Int) -> Void, _ body: (String) throws(Diagnostic) -> Void
  ) throws(Diagnostic) -> Int {
    let bytes = file.bytes
    let isJSON = Self.isJSONLines(file.path)
    var (start, number, count, told) = (0, 0, 0, 0)
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      number += 1
      let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      for text in try texts(in: line, isJSON, number) {
        count += 1
        try body(text)
      }
      start = end + 1
      guard start - told >= Self.droppedBytes || start >= bytes.count else { continue }
      progress(min(start, bytes.count) - told)
      told = start
      file.dropPages()
    }
    return count
  }

  private func texts(in line: UnsafeRawBufferPointer, _ isJSON: Bool, _ number: Int) throws(Diagnostic) -> [String] {
    if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return [] }
    guard isJSON else {
      guard let text = String(validating: line.last == 0x0D ? line.dropLast() : line[...], as: UTF8.self) else {
        throw .invalid("corpus/utf8", "the text is not UTF-8 in this line", at: Location(line: number), fix: "save the file as UTF-8")
      }
      return [text]
    }
    let value = try JSONValue.parse(line, file: nil, line: number, limits: limits)
    guard let members = value.objectValue, let text = members["text"]?.stringValue else {
      throw .invalid(
        "corpus/line", "this line is no object with a \"text\"", at: Location(line: number), fix: "write each text as {\"text\": …}")
    }
    if let filter, members[filter.key].map(Self.spelling) != filter.value { return [] }
    return [text] + (members["text_pair"]?.stringValue.map { [$0] } ?? [])
  }

  /// A member as people write it in a filter.
  private static func spelling(_ value: JSONValue) -> String { value.stringValue ?? value.serialized() }
}
