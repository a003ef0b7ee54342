import LatheDiagnostics
import LatheFiles
import LatheJSON
import LathePassKit
import OrderedCollections

/// Scores and masks of structures as `Schemas/structures.schema.json` says: what `lathe score` writes and trainers may.
struct StructuresFile {
  private static let format = "lathe-structures"
  private static let maximumBytes = 256 << 20

  let structures: [StructureScores]
  /// The file's name and digest, for the record; nil for one that is yet to be written.
  let digest: JSONValue?

  init(_ structures: [StructureScores]) { (self.structures, digest) = (structures, nil) }

  /// Reads a file.
  ///
  /// - Throws: `structures/file` for what is no such file, with the place, and the reader's diagnostics.
  init(path: String) throws(Diagnostic) {
    let json = try JSONValue.parse(try InputFile.bytes(of: path, maximumBytes: Self.maximumBytes), file: path)
    let keys = ["format", "version", "structures"]
    if let key = json.objectValue?.keys.first(where: { !keys.contains($0) }) { throw Self.fault("there is an unknown key \(key)", path) }
    guard json["format"]?.stringValue == Self.format, json["version"]?.intValue == 1, let entries = json["structures"]?.arrayValue else {
      throw Self.fault("this is no file of structures: it has no \"format\": \"\(Self.format)\", \"version\": 1 and \"structures\"", path)
    }
    var structures: [StructureScores] = []
    for (number, entry) in entries.enumerated() {
      let place = "structures[\(number)]"
      guard let weights = entry["weights"]?.stringValue, let axis = entry["axis"]?.intValue, let extent = entry["extent"]?.intValue,
        axis >= 0, extent > 0
      else { throw Self.fault("\(place) has no weights, axis and extent", path) }
      let block = entry["block"].map { $0.intValue ?? 0 } ?? 1
      guard block > 0 else { throw Self.fault("\(place).block is no whole number above 0", path) }
      let known: Set = ["weights", "axis", "extent", "block", "kind", "scores", "mask"]
      if let key = entry.objectValue?.keys.first(where: { !known.contains($0) }) { throw Self.fault("\(place) has an unknown key \(key)", path) }
      var structure = StructureScores(weights: weights, axis: axis, extent: extent, block: block)
      structure.kind = entry["kind"]?.stringValue
      structure.scores = try Self.list(entry["scores"], extent, "\(place).scores", path) { $0.doubleValue.flatMap { $0.isFinite ? $0 : nil } }
      structure.mask = try Self.list(entry["mask"], extent, "\(place).mask", path) { $0.boolValue }
      guard structure.scores != nil || structure.mask != nil else { throw Self.fault("\(place) has neither scores nor a mask", path) }
      guard structure.mask?.contains(true) ?? true else { throw Self.fault("\(place).mask keeps nothing", path) }
      structures.append(structure)
    }
    self.structures = structures
    digest = try SourceDigest.describe(path)
  }

  private static func fault(_ message: String, _ path: String) -> Diagnostic {
    .invalid("structures/file", message, at: Location(file: path), fix: "lathe score writes such files; Schemas/structures.schema.json says how they are")
  }

  private static func list<T>(
    _ json: JSONValue?, _ count: Int, _ place: String, _ path: String, _ read: (JSONValue) -> T?
  ) throws(Diagnostic) -> [T]? {
    guard let json else { return nil }
    guard let elements = json.arrayValue, elements.count == count else { throw fault("\(place) is no list of \(count)", path) }
    let values = elements.compactMap(read)
    guard values.count == count else { throw fault("\(place) holds what is \(T.self == Bool.self ? "neither true nor false" : "no finite number")", path) }
    return values
  }

  /// The file's contents.
  var json: JSONValue {
    ["format": .string(Self.format), "version": 1, "structures": .array(structures.map(Self.json))]
  }

  private static func json(_ structure: StructureScores) -> JSONValue {
    var object: OrderedDictionary<String, JSONValue> = [:]
    if let kind = structure.kind { object["kind"] = .string(kind) }
    object["weights"] = .string(structure.weights)
    object["axis"] = .integer(Int64(structure.axis))
    object["extent"] = .integer(Int64(structure.extent))
    object["block"] = .integer(Int64(structure.block))
    if let scores = structure.scores { object["scores"] = .array(scores.map { .number($0) }) }
    if let mask = structure.mask { object["mask"] = .array(mask.map { .bool($0) }) }
    return .object(object)
  }
}
