import LatheDiagnostics
import LatheFiles
import LatheJSON
import LatheReports

/// How a report of a comparison is written, by its file's ending.
enum ReportFormat: String, CaseIterable {
  case html, json, xml

  /// Writes the report to a file that was opened before.
  static func write(_ report: JSONValue, to file: OutputFile, named path: String) throws(Diagnostic) {
    let text: String
    switch allCases.first(where: { path.hasSuffix(".\($0.rawValue)") }) {
    case .html: text = try VerificationPage(report).html()
    case .xml: text = JUnitReport(report).xml
    case .json, nil: text = report.serialized(pretty: true) + "\n"
    }
    try file.write(Array(text.utf8))
    try file.commit()
  }
}
