import LatheDiagnostics
import LatheFiles
import LatheJSON
import LatheTensors
import OrderedCollections

/// Writes JSON dumps of checkpoints with their elements in base64, piece by piece.
public enum DumpWriter {
  /// Writes `checkpoint` to `path`; the same checkpoint gives the same bytes.
  ///
  /// - Throws: `weights/strings` for a tensor of texts, `file/unwritable` if it cannot be written; then there is no file.
  public static func write(_ checkpoint: Checkpoint, to path: String) throws(Diagnostic) {
    let file = try OutputFile(path: path)
    try put(
      "{\n  \"format\": \(text(DumpReader.format)),\n  \"architecture\": \(text(checkpoint.architecture)),\n", file)
    try put("  \"config\": \(checkpoint.config.serialized()),\n  \"tensors\": {", file)
    var separator = "\n"
    for (name, tensor) in checkpoint.tensors {
      guard tensor.dtype != .string else {
        throw .invalid("weights/strings", "a tensor of texts has no place in a dump", at: Location(value: name))
      }
      let shape = tensor.shape.map { String($0) }.joined(separator: ", ")
      try put(
        "\(separator)    \(text(name)): {\"dtype\": \"\(tensor.dtype)\", \"shape\": [\(shape)], \"base64\": \"", file)
      try write(tensor, file)
      try put("\"}", file)
      separator = ",\n"
    }
    try put("\n  }\n}\n", file)
    try file.commit()
  }

  private static func put(_ text: String, _ file: OutputFile) throws(Diagnostic) { try file.write(Array(text.utf8)) }

  private static func text(_ string: String) -> String { JSONValue.string(string).serialized() }

  /// The tensor's bytes in base64; bytes that make no group of three wait for the next piece.
  private static func write(_ tensor: Tensor, _ file: OutputFile) throws(Diagnostic) {
    var rest: [UInt8] = []
    try tensor.stream { (piece) throws(Diagnostic) in
      var start = 0
      if !rest.isEmpty {
        start = min(3 - rest.count, piece.count)
        rest += piece[..<start]
        guard rest.count == 3 else { return }
        try file.write(rest.withUnsafeBytes { groups($0[...]) })
      }
      let whole = (piece.count - start) / 3 * 3
      try file.write(groups(piece[start..<start + whole]))
      rest = Array(piece[(start + whole)...])
    }
    guard !rest.isEmpty else { return }
    let padding = 3 - rest.count
    let last = (rest + [UInt8](repeating: 0, count: padding)).withUnsafeBytes { groups($0[...]) }
    try file.write(last.dropLast(padding) + [UInt8](repeating: UInt8(ascii: "="), count: padding))
  }

  /// Base64 of whole groups of three bytes.
  private static func groups(_ bytes: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: bytes.count / 3 * 4) { target, count in
      alphabet.withUnsafeBufferPointer { alphabet in
        for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: 3) {
          let bits = UInt32(bytes[start]) << 16 | UInt32(bytes[start + 1]) << 8 | UInt32(bytes[start + 2])
          for shift in [18, 12, 6, 0] as [UInt32] {
            target[count] = alphabet[Int(bits >> shift & 63)]
            count += 1
          }
        }
      }
    }
  }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
