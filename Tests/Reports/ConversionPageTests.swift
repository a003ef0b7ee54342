import LatheDiagnostics
import LatheJSON
import LatheReports
import LatheTestSupport
import OrderedCollections
import Testing

@Suite struct ConversionPageTests {
  static let drift: JSONValue = [
    "samples": 4, "changed_outputs": 1, "incomparable": 0, "max_rel": 1e-6, "max_abs": 2e-6, "min_cosine": 1, "mean_cosine": 1, "agreement": 0.75,
  ]

  static func report(_ name: JSONValue = "in.onnx", failure: JSONValue? = nil) -> JSONValue {
    var report: JSONValue = [
      "tool": ["name": "lathe", "version": "1"], "input": name, "output": "out.lathe", "input_bytes": 2000, "output_bytes": 1000,
      "samples": 4, "recipe": "mine",
      "ledger": [
        ["step": "import", "nodes": 10, "parameters": 7, "bytes": 4096, "done": 0, "declined": [], "seconds": 0.1],
        [
          "step": "a/b", "guarantee": "identical bits", "nodes": 5, "parameters": 7, "bytes": 2048, "done": 2, "notes": ["a note"],
          "declined": [["subject": name, "reason": "too small"]], "drift": drift, "total_drift": drift, "seconds": 0.2,
        ],
      ],
      "budget": [["rule": "at most 3 nodes", "figure": "5", "kept": false]],
      "why": [["pass": "a/b", "lines": ["came near"]]],
    ]
    if let failure, var members = report.objectValue {
      members["failure"] = failure
      report = .object(members)
    }
    return report
  }

  @Test func thePageHoldsWhatTheReportSays() throws {
    let page = try ConversionPage(Self.report()).html()
    for text in ["in.onnx", "out.lathe", "a/b", "identical bits", "a note", "too small", "broken", "came near", "75.00 %", "1e-06", "50.0"] {
      #expect(page.contains(text), "\(text)")
    }
    #expect(page.contains("Converted.") && !page.contains("Stopped."))
    #expect(!page.contains("{{") && !page.contains("http"), "the page is complete and asks for nothing")
  }

  @Test func aFailureComesFirst() throws {
    let failure: JSONValue = ["id": "passes/broken-promise", "message": "it lied", "notes": ["by much"]]
    let page = try ConversionPage(Self.report(failure: failure)).html()
    #expect(page.contains("Stopped.") && page.contains("it lied") && page.contains("by much") && !page.contains("Converted."))
  }

  @Test func namesCannotBecomeMarkup() throws {
    let page = try ConversionPage(Self.report("<script>alert(1)</script>")).html()
    #expect(!page.contains("<script>") && page.contains("&lt;script&gt;"))
  }
}
