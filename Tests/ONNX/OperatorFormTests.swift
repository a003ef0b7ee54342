import Foundation
import LatheONNX
import Testing

/// Every older form of every operator, as ONNX's own history lists them, is rewritten.
@Suite struct OperatorFormTests {
  @Test func everyOlderFormIsRewritten() throws {
    let text = try String(contentsOf: testFolder.appendingPathComponent("Data/operator_forms.txt"), encoding: .utf8)
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.count > 100)
    for line in lines {
      let (name, version) = (line[0], try #require(Int(line[1])))
      #expect(UpgradeTable.rewrites(name, version: version), "\(line.joined(separator: " ")) is not rewritten")
    }
    // The form that is in force now is not: forms have the version from which on they count.
    for name in Set(lines.map { $0[0] }).subtracting(["Dropout", "Scatter", "Upsample"]) {
      #expect(!UpgradeTable.rewrites(name, version: 28), "\(name) is rewritten in its newest form")
    }
  }
}
