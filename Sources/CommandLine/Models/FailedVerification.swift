import LatheDiagnostics
import LatheJSON

/// Models that cannot be compared at all, for reports.
struct FailedVerification {
  let json: JSONValue

  init(_ reference: String, _ candidate: String, _ failure: Diagnostic) {
    json = [
      "tool": ["name": "lathe", "version": .string(LatheCommand.version)],
      "reference": ["file": .string(reference)], "candidate": ["file": .string(candidate)], "equivalent": false,
      "failure": [
        "id": .string(failure.id), "message": .string(failure.message), "notes": .array(failure.notes.map { .string($0) }),
      ],
    ]
  }
}
