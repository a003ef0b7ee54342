import Foundation
import LatheJSON
import LatheReports
import OrderedCollections
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct JUnitReportTests {
  /// The names of elements and what their attributes say.
  final class Reader: NSObject, XMLParserDelegate {
    var found: [(name: String, attributes: [String: String])] = []

    func parser(_ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?, attributes: [String: String]) {
      found.append((name, attributes))
    }
  }

  static func read(_ report: JSONValue) -> Reader? {
    let (parser, reader) = (XMLParser(data: Data(JUnitReport(report).xml.utf8)), Reader())
    parser.delegate = reader
    return parser.parse() ? reader : nil
  }

  @Test func everyRuleIsACase() throws {
    let reader = try #require(Self.read(VerificationPageTests.report()))
    #expect(reader.found.first { $0.name == "testsuite" }?.attributes["tests"] == "2")
    #expect(reader.found.first { $0.name == "testsuite" }?.attributes["failures"] == "2")
    #expect(reader.found.filter { $0.name == "testcase" }.compactMap { $0.attributes["name"] } == ["output logits", "at most 3 bytes"])
    #expect(reader.found.filter { $0.name == "failure" }.compactMap { $0.attributes["message"] } == ["too far", "it is 1024"])
    let passed = try #require(Self.read(VerificationPageTests.report(accepted: true)))
    #expect(!passed.found.contains { $0.name == "failure" })
  }

  @Test func namesCannotBecomeMarkup() throws {
    let reader = try #require(Self.read(VerificationPageTests.report("a\"><x/>&\u{1}\n")), "it is still XML")
    #expect(!reader.found.contains { $0.name == "x" })
  }

  @Test func whatCannotBeComparedFails() throws {
    let reader = try #require(Self.read(["failure": ["id": "verify/outputs", "message": "other outputs", "notes": ["a", "b"]], "candidate": ["file": "c"]]))
    #expect(reader.found.first { $0.name == "failure" }?.attributes["message"] == "other outputs; a; b")
  }
}
