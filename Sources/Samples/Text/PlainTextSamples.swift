import LatheDiagnostics
import LatheFiles

/// Reads a text file with one sample a line.
enum PlainTextSamples {
  /// The lines of the file at `path`, blank ones included, so that samples count as lines do.
  static func read(path: String) throws(Diagnostic) -> [TextSample] {
    let bytes = try InputFile.bytes(of: path, maximumBytes: 4 << 30)
    var samples: [TextSample] = []
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      var line = bytes[start..<end]
      if line.last == 0x0D { line.removeLast() }
      guard let text = String(validating: line, as: UTF8.self) else {
        throw .invalid(
          "samples/utf8", "the text is not UTF-8 in this line",
          at: Location(byteOffset: start, line: samples.count + 1),
          fix: "save the file as UTF-8")
      }
      samples.append(TextSample(text: text, line: samples.count + 1))
      start = end + 1
    }
    guard !samples.isEmpty else { throw .noSamples }
    return samples
  }
}

extension Diagnostic {
  /// A file without samples.
  static var noSamples: Diagnostic {
    .invalid("samples/empty", "there are no samples in this file", fix: "give a file with at least one sample")
  }
}
