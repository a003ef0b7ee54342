import LatheDiagnostics
import LatheFiles

/// The values of a JSON Lines text (.jsonl), parsed one line at a time.
///
///     while let line = try lines.next() { use(line.value) }
public struct JSONLines: Sendable {
  /// A line that is not blank.
  public struct Line: Sendable, Hashable {
    /// Its number in the file, from 1.
    public let number: Int
    /// What it says.
    public let value: JSONValue
  }

  private let text: [UInt8]
  private let file: String?
  private let limits: ResourceLimits
  private var offset = 0
  private var number = 0

  /// The lines of `text`; diagnostics call it `file`.
  public init(_ text: [UInt8], file: String? = nil, limits: ResourceLimits = ResourceLimits()) {
    self.text = text
    self.file = file
    self.limits = limits
  }

  /// The lines of the file at `path`, which may hold at most `maximumBytes`.
  ///
  /// - Throws: `file/missing` (exit code 66) when it cannot be read.
  public init(
    fileAt path: String, maximumBytes: Int = 4 << 30, limits: ResourceLimits = ResourceLimits()
  ) throws(Diagnostic) {
    self.init(try InputFile.bytes(of: path, maximumBytes: maximumBytes), file: path, limits: limits)
  }

  /// The next line that is not blank, or nil at the end.
  ///
  /// After a bad line, whose diagnostic names it, the next call goes on with the line behind it.
  public mutating func next() throws(Diagnostic) -> Line? {
    while offset < text.count {
      let rest = text[offset...]
      let end = rest.firstIndex(of: 0x0A) ?? text.count
      let start = offset
      let line = text[start..<end]
      offset = end + 1
      number += 1
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      do {
        return Line(number: number, value: try JSONValue.parse(line, file: file, line: number, limits: limits))
      } catch {
        var diagnostic = error
        diagnostic.location.byteOffset = diagnostic.location.byteOffset.map { start + $0 }
        throw diagnostic
      }
    }
    return nil
  }
}
