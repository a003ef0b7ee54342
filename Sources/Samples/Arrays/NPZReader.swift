import LatheDiagnostics
import LatheFiles
import LatheTensors

/// Reads an .npz file: a zip file with an .npy file for each input.
enum NPZReader {
  /// More entries than any model has inputs.
  private static let maximumEntries = 1 << 16

  /// The arrays by input name, each as the model wants it.
  static func read(
    path: String, for interface: ModelInterface, limits: ResourceLimits
  ) throws(Diagnostic) -> [String: Tensor] {
    // A missing file and a folder are told as everywhere else; libzip says less.
    _ = try MappedFile(path: path)
    let archive = try ZipArchive(path: path)
    let entries = try directory(of: archive)
    for name in entries.keys.sorted() where interface.input(name) == nil {
      throw InputFit.unknownInput(name, interface, in: "this file")
    }
    var feed: [String: Tensor] = [:]
    for input in interface.inputs {
      guard let (index, entryName) = entries[input.name] else {
        guard input.hasDefault else { throw InputFit.missingInput(input.name, found: entries.keys.sorted()) }
        continue
      }
      do {
        var source = try archive.open(try archive.entry(at: index, named: entryName))
        let fit = InputFit(input, source: "this file")
        feed[input.name] = try NPYDecoder.tensor(from: &source, fit: fit, limits: limits)
      } catch {
        throw error.located(in: Location(file: path, value: input.name))
      }
    }
    return feed
  }

  /// All arrays of a file by key, each in the type that it has there.
  static func arrays(path: String, limits: ResourceLimits) throws(Diagnostic) -> [String: Tensor] {
    _ = try MappedFile(path: path)
    let archive = try ZipArchive(path: path)
    var arrays: [String: Tensor] = [:]
    for (key, (index, entryName)) in try directory(of: archive) {
      do {
        var source = try archive.open(try archive.entry(at: index, named: entryName))
        let fit = InputFit(ModelInterface.Port(name: key, type: nil), source: "this file")
        arrays[key] = try NPYDecoder.tensor(from: &source, fit: fit, limits: limits)
      } catch {
        throw error.located(in: Location(value: key))
      }
    }
    return arrays
  }

  /// Position and full name of each entry, by its key.
  private static func directory(of archive: ZipArchive) throws(Diagnostic) -> [String: (Int, String)] {
    guard archive.count <= maximumEntries else {
      throw .invalid(
        "npz/entries", "the file has \(archive.count) entries, more than the \(maximumEntries) that are read")
    }
    var entries: [String: (Int, String)] = [:]
    for index in 0..<archive.count {
      guard let name = archive.name(at: index) else {
        throw .invalid(
          "npz/entry", "entry \(index) of the file has no name", fix: "save the arrays again with numpy.savez")
      }
      let key = name.hasSuffix(".npy") ? String(name.dropLast(4)) : name
      guard entries.updateValue((index, name), forKey: key) == nil else {
        throw .invalid(
          "npz/duplicate", "the file holds the array \(key.prefix(80)) twice",
          at: Location(value: String(key.prefix(80))),
          fix: "save the arrays again with numpy.savez")
      }
    }
    return entries
  }
}
