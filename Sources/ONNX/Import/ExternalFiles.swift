internal import COnnx
internal import Foundation
import LatheDiagnostics
import LatheFiles
import LatheProtobuf
import LatheTensors

/// The files beside a model that hold tensors' elements; each is mapped once.
///
/// A model may come from anywhere, so it reaches only regular files in its own folder, whatever links say.
final class ExternalFiles {
  private let folder: String
  private let modelPath: String
  private var files: [String: MappedFile] = [:]

  /// Paths of the files that were used, sorted by the names the model gives them.
  var paths: [String] { files.sorted { $0.key < $1.key }.map(\.value.path) }
  private var realFolder: String?
  /// Tensors whose checksum was not looked at.
  private(set) var uncheckedCount = 0

  /// The files beside the model at `path`.
  init(besideModelAt path: String) {
    modelPath = path
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    self.folder = folder
  }

  /// The file that holds a tensor's elements, and the offset of the first byte.
  ///
  /// - Throws: `onnx/external-…`, whose category is `missingInput` for a file that is not there.
  func find(_ tensor: ProtoTensor) throws(Diagnostic) -> (MappedFile, offset: Int) {
    var entries: [String: String] = [:]
    for entry in MessageList(tensor.proto.pointee.external_data, tensor.proto.pointee.n_external_data) {
      guard let key = entry.pointee.key.text, let value = entry.pointee.value.text else {
        throw .invalid("onnx/text", "an entry of external_data is not UTF-8", fix: "export the model again")
      }
      guard entries.updateValue(value, forKey: key) == nil else {
        throw .invalid("onnx/external-data", "external_data gives \(key) twice", fix: "export the model again")
      }
    }
    if entries["checksum"] != nil { uncheckedCount += 1 }
    let location = try checked(location: entries["location"] ?? "")
    let offset = try number("offset", entries["offset"]) ?? 0
    let length = try number("length", entries["length"]) ?? tensor.byteCount
    guard length == tensor.byteCount else {
      throw .invalid(
        "onnx/external-length",
        "external_data gives \(length) bytes, but \(tensor.dtype)\(tensor.shape) needs \(tensor.byteCount)",
        fix: "export the model again")
    }
    let file = try open(location)
    guard offset <= file.bytes.count, length <= file.bytes.count - offset else {
      throw .invalid(
        "onnx/external-range",
        "the elements are \(length) bytes from offset \(offset), but \(location) has \(file.bytes.count)",
        fix: "fetch \(location) again, together with the model")
    }
    return (file, offset)
  }

  private func number(_ key: String, _ text: String?) throws(Diagnostic) -> Int? {
    guard let text else { return nil }
    let digits = text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    guard digits, let number = Int(text) else {
      throw .invalid(
        "onnx/external-data", "external_data gives the \(key) \"\(text)\", which is no byte count",
        fix: "export the model again")
    }
    return number
  }

  /// A relative path that does not climb.
  private func checked(location: String) throws(Diagnostic) -> String {
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    let climbs = parts.contains("..") || location.split(separator: "\\").contains("..")
    guard !location.isEmpty, !location.hasPrefix("/"), !climbs, !location.utf8.contains(0) else {
      throw refused(location, location.isEmpty ? "the location is empty" : "the path leaves the model's folder")
    }
    return location
  }

  private func open(_ location: String) throws(Diagnostic) -> MappedFile {
    if let file = files[location] { return file }
    let path = folder == "." ? location : folder + location
    let folder = try resolvedFolder()
    guard let real = Self.real(path) else { throw unresolvable(location, path) }
    let root = folder.hasSuffix("/") ? folder : folder + "/"
    guard real.hasPrefix(root) else { throw refused(location, "it is a link to a file outside the model's folder") }
    let file: MappedFile
    do throws(Diagnostic) {
      file = try MappedFile(path: real)
    } catch {
      let category = error.category
      throw Diagnostic(
        category == .missingInput ? "onnx/external-missing" : "onnx/external-data", category,
        "the tensor's data file \(location) cannot be used: \(error.message)", at: Location(file: modelPath),
        fix: "put \(location) beside the model")
    }
    files[location] = file
    return file
  }

  private func resolvedFolder() throws(Diagnostic) -> String {
    if let realFolder { return realFolder }
    guard let real = Self.real(folder) else {
      throw Diagnostic("onnx/external-missing", .missingInput, "the model's folder \(folder) cannot be resolved")
    }
    realFolder = real
    return real
  }

  private func unresolvable(_ location: String, _ path: String) -> Diagnostic {
    let reason = String(cString: strerror(errno))
    return Diagnostic(
      "onnx/external-missing", .missingInput, "the tensor's data file \(location) cannot be opened: \(reason)",
      at: Location(file: modelPath), fix: "put \(location) beside the model")
  }

  private func refused(_ location: String, _ reason: String) -> Diagnostic {
    .invalid(
      "onnx/external-location", "the data file \"\(location)\" is refused: \(reason)",
      fix: "put the data file into the model's folder, and give its path relative to it")
  }

  private static func real(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
