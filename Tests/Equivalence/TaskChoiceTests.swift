import LatheDiagnostics
import LatheEquivalence
import Testing

@Suite struct TaskChoiceTests {
  typealias Form = TaskChoice.Form

  static func kind(_ name: String, _ shape: [Int?], isFloat: Bool = true, labels: Int = 0, vocabulary: Int = 0) throws -> TaskKind? {
    try TaskChoice(labelCount: labels, vocabularySize: vocabulary).tasks(for: [Form(name: name, shape: shape, isFloat: isFloat)]).first?.kind
  }

  @Test func shapesNamesAndLabelsDecide() throws {
    #expect(try Self.kind("logits", [nil, 28], labels: 28) == .classification)
    #expect(try Self.kind("pooled", [nil, 384]) == .embedding)
    #expect(try Self.kind("y", [nil, 384]) == .embedding)
    #expect(try Self.kind("y", [nil, 384], labels: 384) == .classification)
    #expect(try Self.kind("y", [nil, 1000]) == .classification)
    #expect(try Self.kind("last_hidden_state", [nil, nil, 384]) == .embedding)
    #expect(try Self.kind("logits", [nil, nil, 9], labels: 9) == .tokenClassification)
    #expect(try Self.kind("logits", [nil, nil, 30522], vocabulary: 30522) == .sequence)
    #expect(try Self.kind("logits", [nil, nil, 50257]) == .sequence)
    #expect(try Self.kind("y", [nil, 1]) == .regression)
    #expect(try Self.kind("y", [nil]) == .regression)
    #expect(try Self.kind("y", [nil, 5], isFloat: false) == .values)
    #expect(try Self.kind("y", [nil, 3, 8, 8]) == .values)
  }

  @Test func wholeNumbersAreLabelsUnlessTheUserSaysOtherwise() throws {
    let form = Form(name: "label", shape: [nil], isFloat: false, isWhole: true)
    #expect(try TaskChoice(labelCount: 0, vocabularySize: 0).tasks(for: [form]).map(\.kind) == [.labels])
    #expect(try TaskChoice(labelCount: 0, vocabularySize: 0, overrides: ["label": .values]).tasks(for: [form]).map(\.kind) == [.values])
    #expect(throws: Diagnostic.self) { try TaskChoice(labelCount: 0, vocabularySize: 0, overrides: ["label": .regression]).tasks(for: [form]) }
    #expect(throws: Diagnostic.self) {
      try TaskChoice(labelCount: 0, vocabularySize: 0, overrides: ["y": .labels]).tasks(for: [Form(name: "y", shape: [nil], isFloat: true)])
    }
  }

  @Test func startsAndEndsBelongTogether() throws {
    let tasks = try TaskChoice(labelCount: 0, vocabularySize: 0).tasks(for: [
      Form(name: "end_logits", shape: [nil, nil], isFloat: true), Form(name: "start_logits", shape: [nil, nil], isFloat: true),
    ])
    #expect(tasks.map(\.kind) == [.spans] && tasks.first?.outputs == ["start_logits", "end_logits"])
  }

  @Test func theUserHasTheLastWord() throws {
    let form = Form(name: "y", shape: [nil, 384], isFloat: true)
    let choice = TaskChoice(labelCount: 0, vocabularySize: 0, overrides: ["y": .classification])
    #expect(try choice.tasks(for: [form]).first?.reason == "the user says so")
    let unsuited = TaskChoice(labelCount: 0, vocabularySize: 0, overrides: ["y": .sequence])
    #expect(throws: Diagnostic.self) { try unsuited.tasks(for: [form]) }
    let unknown = TaskChoice(labelCount: 0, vocabularySize: 0, overrides: ["z": .values])
    #expect(throws: Diagnostic.self) { try unknown.tasks(for: [form]) }
  }
}
