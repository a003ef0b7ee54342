import LatheDiagnostics
import LatheJSON

/// One self-contained HTML page about a comparison of two models (`Schemas/verification.schema.json`).
public struct VerificationPage {
  private let report: JSONValue
  public init(_ report: JSONValue) { self.report = report }
  public func html() throws(Diagnostic) -> String { "" }
}
