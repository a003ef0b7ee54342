internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheJSON
import LathePassKit
import OrderedCollections

/// What a conversion writes into its output: the tool, the source's digests, every pass, and the source's own record.
///
/// Holds nothing that differs from run to run, so that outputs are reproducible.
struct ConversionRecord {
  let json: JSONValue

  /// - Throws: a diagnostic if a source file cannot be read again or its own record is broken.
  init(
    source: ModelLoader.Loaded, ledger: Ledger, calibration: JSONValue?, corpus: JSONValue?, structures: JSONValue?, cut: VocabularyCut?,
    sweep: JSONValue?, verification: JSONValue?, verdicts: [Budget.Verdict]
  ) throws(Diagnostic) {
    var files: [JSONValue] = []
    for path in source.files { files.append(try SourceDigest.describe(path)) }
    var object: OrderedDictionary<String, JSONValue> = [
      "tool": ["name": "lathe", "version": .string(LatheCommand.version)],
      "source": ["format": .string(source.format), "files": .array(files)],
      "ledger": ledger.json(withTimes: false),
    ]
    if let calibration { object["calibration"] = calibration }
    if let corpus { object["corpus"] = corpus }
    if let structures { object["structures"] = structures }
    if let cut { object["vocabulary"] = cut.json }
    if let sweep { object["sweep"] = sweep }
    if let verification { object["verification"] = verification }
    if !verdicts.isEmpty { object["budget"] = .array(verdicts.map(\.json)) }
    if let earlier = source.model.record {
      object["earlier"] = try JSONValue.parse(Array(earlier.utf8), file: nil)
    }
    json = .object(object)
  }
}

extension VocabularyCut {
  /// The ids before that are left, as a bit for each, the lowest first, in base64.
  fileprivate var json: JSONValue {
    var bits = [UInt8](repeating: 0, count: (count + 7) / 8)
    for id in kept { bits[id / 8] |= 1 << UInt8(id % 8) }
    return [
      "tokens_before": .integer(Int64(count)), "tokens": .integer(Int64(kept.count)),
      "kept": .string(Data(bits).base64EncodedString()),
    ]
  }
}
