import Foundation
import LatheONNX
import Testing

/// Every older form of every operator, as ONNX's own history lists them, is rewritten or has a reason not to be.
@Suite struct OperatorFormTests {
  /// Forms that differ in words only.
  private static let reasons: [String: String] = [
    "Constant": "read as a constant, whatever the attribute",
    "Split 1": "its default axis was 0 before it was written down",
  ]

  @Test func everyOlderFormIsRewritten() throws {
    let text = try String(contentsOf: testFolder.appendingPathComponent("Data/operator_forms.txt"), encoding: .utf8)
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.count > 100)
    var unused = Set(Self.reasons.keys)
    for line in lines {
      let (name, version) = (line[0], try #require(Int(line[1])))
      if UpgradeTable.rewrites(name, version: version) { continue }
      let reason = [name, "\(name) \(version)"].first { Self.reasons[$0] != nil }
      #expect(reason != nil, "\(line.joined(separator: " ")) is neither rewritten nor explained")
      if let reason { unused.remove(reason) }
    }
    unused.remove("Split 1")
    #expect(unused == [], "these reasons explain nothing")
  }
}
