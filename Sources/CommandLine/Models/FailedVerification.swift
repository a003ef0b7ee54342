import LatheDiagnostics
import LatheJSON
import OrderedCollections

/// A comparison or a judgement that could not be made, for reports: a page of an earlier run must not stand in its place.
struct FailedVerification {
  let json: JSONValue

  /// - Parameter reference: nil where a record is judged.
  init(_ reference: String?, _ candidate: String, _ failure: Diagnostic) {
    var object: OrderedDictionary<String, JSONValue> = [
      "tool": ["name": "lathe", "version": .string(LatheCommand.version)], "candidate": ["file": .string(candidate)], "equivalent": false,
      "failure": [
        "id": .string(failure.id), "message": .string(failure.message), "notes": .array(failure.notes.map { .string($0) }),
      ],
    ]
    if let reference { object["reference"] = ["file": .string(reference)] }
    json = .object(object)
  }
}
