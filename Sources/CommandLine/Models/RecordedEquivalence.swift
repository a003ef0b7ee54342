import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LatheJSON
import OrderedCollections

/// What a conversion measured on samples of its result against the imported model, for the record of the result.
///
/// The reference interpreter measured it, so that the bytes do not depend on the host; times are left out for the same reason.
enum RecordedEquivalence {
  static func json(_ report: EquivalenceReport, source: ModelLoader.Loaded, result: Graph, samples path: String) throws(Diagnostic) -> JSONValue {
    var bytes = 0
    for file in source.files { bytes += try SourceDigest.describe(file)["bytes"]?.intValue ?? 0 }
    var object: OrderedDictionary<String, JSONValue> = [
      "reference": ["format": .string(source.format), "bytes": .integer(Int64(bytes)), "engine": .string(Engine.Name.reference.name)],
      "candidate": ["engine": .string(Engine.Name.reference.name)],
      "sample_source": try SampleOrigin.file(path).json(),
    ]
    var figures = report
    figures.tasks = []
    for (key, value) in figures.json.objectValue ?? [:] where key != "equivalent" && key != "violations" { object[key] = value }
    object["decisions"] = .array(report.tasks.map { $0.json(kept: 20) })
    object["outputs"] = .array((object["outputs"]?.arrayValue ?? []).map(withoutFlips))
    object["fingerprint"] = .string(result.fingerprintText)
    return .object(object)
  }

  /// An output's figures without the list of its flips, which may be long.
  static func withoutFlips(_ output: JSONValue) -> JSONValue {
    guard case .object(var members) = output else { return output }
    members["flips"] = nil
    return .object(members)
  }
}
