/// Kinds of files that are given in place of an ONNX model, told by their first bytes.
enum FileKind: Equatable {
  case empty, zip, gzip, archive, hdf5, pickle, numpy, gguf, safetensors, tflite, ort, html, gitLFS, json, protobufText
  case lathe, executable, image, text

  /// The kind of file that begins with `bytes` and is `bytes.count` long, when it is one of these.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else {
      self = .empty
      return
    }
    let head = Array(bytes.prefix(512))
    guard let kind = Self.byMagic(head) ?? Self.bySafetensorsHeader(head, of: bytes.count) ?? Self.byText(head) else {
      return nil
    }
    self = kind
  }

  /// What the file looks like, as in "this is …".
  var description: String {
    switch self {
    case .empty: "an empty file"
    case .zip: "a zip archive (PyTorch's .pt and NumPy's .npz are zips too)"
    case .gzip: "a gzip-compressed file"
    case .archive: "a compressed archive"
    case .hdf5: "an HDF5 file (Keras writes .h5)"
    case .pickle: "a Python pickle (old PyTorch checkpoints are pickles)"
    case .numpy: "a NumPy array"
    case .gguf: "a GGUF file"
    case .safetensors: "a safetensors file: weights without a graph"
    case .tflite: "a TensorFlow Lite model"
    case .ort: "a model in ONNX Runtime's own format"
    case .html: "a web page"
    case .gitLFS: "a Git LFS pointer, not the model itself"
    case .json: "a JSON file"
    case .protobufText: "a model in protobuf's text form"
    case .lathe: "a .lathe model"
    case .executable: "a program"
    case .image: "an image or document"
    case .text: "a text file"
    }
  }

  /// What the user can do.
  var fix: String {
    switch self {
    case .empty: "fetch or export the model again"
    case .zip, .pickle, .hdf5: "export the model to ONNX from its framework, or unpack it and give the .onnx in it"
    case .gzip, .archive: "unpack it and give the .onnx file in it"
    case .safetensors, .gguf, .numpy: "export the whole model to ONNX"
    case .tflite: "convert it to ONNX first, for example with tf2onnx"
    case .ort: "give the .onnx file that it was made from"
    case .html: "check the address it was downloaded from, and that the download needs no login"
    case .gitLFS: "fetch the real file with `git lfs pull`"
    case .json: "give the .onnx file"
    case .protobufText: "convert it to binary first: onnx.save(onnx.load(TEXT, format=\"textproto\"), \"model.onnx\")"
    case .lathe: "rename it so that it ends in .lathe"
    case .executable, .image, .text: "give the .onnx file"
    }
  }

  private static let magics: [(offset: Int, bytes: [UInt8], kind: FileKind)] = [
    (0, Array("PK\u{3}\u{4}".utf8), .zip), (0, Array("PK\u{5}\u{6}".utf8), .zip), (0, [0x1f, 0x8b], .gzip),
    (0, Array("BZh".utf8), .archive), (0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], .archive),
    (0, [0x28, 0xb5, 0x2f, 0xfd], .archive), (0, [0x37, 0x7a, 0xbc, 0xaf], .archive), (0, Array("Rar!".utf8), .archive),
    (0, [0x89] + Array("HDF".utf8), .hdf5), (0, [0x80, 2], .pickle), (0, [0x80, 3], .pickle), (0, [0x80, 4], .pickle),
    (0, [0x80, 5], .pickle), (0, [0x93] + Array("NUMPY".utf8), .numpy), (0, Array("GGUF".utf8), .gguf),
    (4, Array("TFL3".utf8), .tflite), (4, Array("ORTM".utf8), .ort), (0, Array("LATHE".utf8), .lathe),
    (0, [0x89] + Array("LATHE".utf8), .lathe), (0, [0x7f] + Array("ELF".utf8), .executable),
    (0, [0x89] + Array("PNG".utf8), .image), (0, [0xff, 0xd8, 0xff], .image), (0, Array("%PDF".utf8), .image),
    (257, Array("ustar".utf8), .archive),
  ]

  private static func byMagic(_ head: [UInt8]) -> FileKind? {
    magics.first { head.dropFirst($0.offset).starts(with: $0.bytes) }?.kind
  }

  /// A little-endian 64-bit length of a JSON header, and the header.
  private static func bySafetensorsHeader(_ head: [UInt8], of count: Int) -> FileKind? {
    guard head.count > 9, head[8] == UInt8(ascii: "{") else { return nil }
    let length = head.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return length <= UInt64(max(0, count - 8)) ? .safetensors : nil
  }

  private static func byText(_ head: [UInt8]) -> FileKind? {
    var body = head[...]
    if body.starts(with: [0xef, 0xbb, 0xbf]) { body = body.dropFirst(3) }
    guard !body.contains(where: { $0 < 0x20 && $0 != 9 && $0 != 10 && $0 != 13 || $0 == 0x7f }) else { return nil }
    let text = String(decoding: body, as: UTF8.self).lowercased().drop(while: \.isWhitespace)
    // The head may end within a character, which decodes as one or more replacements at its end.
    guard text.filter({ $0 == "\u{fffd}" }).count <= 3 else { return nil }
    if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") || text.hasPrefix("<head") { return .html }
    if text.hasPrefix("version https://git-lfs") { return .gitLFS }
    if text.hasPrefix("{") || text.hasPrefix("[") { return .json }
    if text.hasPrefix("ir_version:") || text.contains("\nopset_import {") { return .protobufText }
    return .text
  }
}
